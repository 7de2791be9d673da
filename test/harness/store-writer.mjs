// Writes services as fast as they are acknowledged, telling the parent of each, until killed.
import { newService } from '../../controller/dist/model/defaults.js';
import { openStore } from '../../controller/dist/store/open-store.js';
import { repositories } from '../../controller/dist/store/repositories.js';

const store = await openStore({ file: process.argv[2], clock: Date.now });
for (let n = 0; n < 100_000; n++) {
  const name = `${process.pid}-${n}`;
  await store.write((tx) => repositories.services.insert(tx, newService({ name }, Date.now())));
  await new Promise((resolve, reject) =>
    process.send(name, (error) => (error ? reject(error) : resolve())),
  );
}
