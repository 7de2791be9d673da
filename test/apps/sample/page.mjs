// The sample app's page. What the server saw is rendered here; the live parts are in public/app.js.

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const text = (value) => String(value).replace(/[&<>"']/g, (character) => escapes[character]);
const rows = (pairs) =>
  pairs
    .map(([name, value]) => `<tr><th scope="row">${text(name)}</th><td>${text(value)}</td></tr>`)
    .join('\n');

/** @param {{ method: string, path: string, identity: object | null, headers: [string, string][], cookies: Record<string, string> }} seen */
export function homePage({ method, path, identity, headers, cookies }) {
  const cookieRows = Object.entries(cookies);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sample app behind Postern</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/app.css">
<script src="/app.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header>
  <div>
    <h1>Sample app</h1>
    <p>This app listens on no network. You reach it through Postern.</p>
  </div>
  <nav aria-label="Session"><a class="button" href="/.postern/signout">Sign out</a></nav>
</header>
<main id="content">
  <section aria-labelledby="you">
    <h2 id="you">Who the app sees</h2>
    ${
      identity === null
        ? `<p class="badge warn">No verified identity</p>`
        : `<p class="badge good">Verified identity</p>
    <table>${rows([['Name', identity.name], ['Identity', identity.sub], ...(identity.email ? [['Email', identity.email]] : []), ['Valid until', new Date(identity.exp * 1000).toISOString()]])}</table>`
    }
  </section>
  <section aria-labelledby="where">
    <h2 id="where">Where you are</h2>
    <table>${rows([
      ['Method', method],
      ['Path at the app', path],
    ])}
    <tr><th scope="row">Address here</th><td id="location">–</td></tr></table>
    <p><a href="/deep/link?x=1#frag">A deep link with query and fragment</a> · <a href="/">Home</a></p>
  </section>
  <section aria-labelledby="socket">
    <h2 id="socket">WebSocket echo</h2>
    <p>Status: <output id="socket-status" class="badge">connecting</output></p>
    <form id="socket-form"><label>Message <input id="socket-input" autocomplete="off" value="hello"></label> <button>Send</button></form>
    <ol id="socket-log" aria-live="polite" aria-label="Echoed messages"></ol>
  </section>
  <section aria-labelledby="clock">
    <h2 id="clock">Server-sent clock</h2>
    <p><output id="clock-time" class="clock">–</output></p>
    <p>Status: <output id="clock-status" class="badge">connecting</output></p>
  </section>
  <section aria-labelledby="upload">
    <h2 id="upload">Upload</h2>
    <form id="upload-form"><label>File <input id="upload-file" type="file" required></label> <button>Upload</button></form>
    <progress id="upload-progress" max="1" value="0" aria-label="Upload progress"></progress>
    <p id="upload-result" role="status">Nothing sent yet.</p>
  </section>
  <section aria-labelledby="download">
    <h2 id="download">Download</h2>
    <p><a class="button" href="/download?mb=1">1 MiB</a> <a class="button" href="/download?mb=100">100 MiB</a></p>
    <p><button id="download-check" type="button">Fetch 10 MiB and check its hash</button></p>
    <p id="download-result" role="status">Nothing fetched yet.</p>
  </section>
  <section aria-labelledby="cookies">
    <h2 id="cookies">Cookies</h2>
    <h3>As the app received them</h3>
    ${cookieRows.length === 0 ? '<p>None yet. <a href="">Load again</a>: this answer set two.</p>' : `<table>${rows(cookieRows)}</table>`}
    <h3>As page script sees them</h3>
    <p><code id="script-cookies">–</code></p>
  </section>
  <section aria-labelledby="headers" class="wide">
    <h2 id="headers">Header fields that arrived</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="headers"><table>${rows(headers)}</table></div>
  </section>
</main>
</body>
</html>
`;
}
