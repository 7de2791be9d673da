"""The unmodified OpenZiti SDK for Python against Postern: results are lines of JSON on standard output."""

import hashlib
import json
import os
import socket
import sys
import threading

from openziti import zitilib

CHUNK = 32 * 1024


def report(**line):
    print(json.dumps(line), flush=True)


def dial(identity_file, service, count):
    """Sends so many bytes, closes its half, and wants the same back behind the host's name."""
    count = int(count)
    zitilib.init()
    context = zitilib.load(identity_file)
    descriptor = zitilib.ziti_socket(socket.SOCK_STREAM)
    zitilib.check_error(zitilib._ziti_connect(descriptor, context, service.encode(), None))
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)
    name = b""
    while not name.endswith(b"\n"):
        name += stream.recv(1)
    data = os.urandom(count)

    def send():
        stream.sendall(data)
        stream.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    received = hashlib.sha256()
    back = 0
    while back < count:
        chunk = stream.recv(CHUNK)
        if not chunk:
            break
        received.update(chunk)
        back += len(chunk)
    sender.join()
    if back != count or received.digest() != hashlib.sha256(data).digest():
        raise RuntimeError(f"sent {count} bytes, {back} came back, or others")
    report(host=name.decode().strip(), bytes=back)
    stream.close()


def host(identity_file, service, name):
    """Echoes, one connection after the other, until it is killed."""
    zitilib.init()
    context = zitilib.load(identity_file)
    descriptor = zitilib.ziti_socket(socket.SOCK_STREAM)
    zitilib.check_error(zitilib._ziti_bind(descriptor, context, service.encode(), None))
    zitilib.listen(descriptor, 5)
    report(hosting=service)
    while True:
        accepted, peer = zitilib.accept(descriptor)
        report(caller=str(peer))
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, accepted)
        stream.sendall(name.encode() + b"\n")
        count = 0
        while chunk := stream.recv(CHUNK):
            stream.sendall(chunk)
            count += len(chunk)
        stream.close()
        report(echoed=count)


if __name__ == "__main__":
    try:
        {"dial": dial, "host": host}[sys.argv[1]](*sys.argv[2:])
    except Exception as error:  # whatever it is, the test wants it in words
        report(error=f"{type(error).__name__}: {error}")
        os._exit(1)
    os._exit(0)
