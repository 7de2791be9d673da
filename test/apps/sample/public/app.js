'use strict';

const $ = (id) => document.getElementById(id);
const setBadge = (id, text, state) => {
  $(id).textContent = text;
  $(id).className = `badge ${state}`;
};
const hex = (buffer) =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

$('location').textContent = location.href;
addEventListener('hashchange', () => ($('location').textContent = location.href));
$('script-cookies').textContent = document.cookie || '(none)';

function connectEcho() {
  const socket = new WebSocket('/ws', 'echo');
  socket.addEventListener('open', () => setBadge('socket-status', 'connected', 'good'));
  socket.addEventListener('message', ({ data }) => {
    const item = document.createElement('li');
    item.textContent = data;
    $('socket-log').append(item);
    item.scrollIntoView({ block: 'nearest' });
  });
  socket.addEventListener('close', ({ code, reason }) => {
    setBadge('socket-status', `closed (${code}${reason && `: ${reason}`})`, 'warn');
    setTimeout(connectEcho, 3000);
  });
  $('socket-form').onsubmit = (event) => {
    event.preventDefault();
    if (socket.readyState === WebSocket.OPEN) socket.send($('socket-input').value);
  };
}
connectEcho();

const clock = new EventSource('/api/events');
clock.addEventListener('open', () => setBadge('clock-status', 'connected', 'good'));
clock.addEventListener('error', () => setBadge('clock-status', 'reconnecting', 'warn'));
clock.addEventListener('message', ({ data }) => ($('clock-time').textContent = data));

$('upload-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const file = $('upload-file').files[0];
  const request = new XMLHttpRequest();
  request.open('POST', '/api/upload');
  request.responseType = 'json';
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    $('upload-progress').value = total === 0 ? 1 : loaded / total;
  });
  request.addEventListener('loadend', () => {
    const result = request.response;
    $('upload-progress').value = result ? 1 : 0;
    $('upload-result').textContent = result
      ? `The app received ${result.bytes} bytes, SHA-256 ${result.sha256}`
      : `The upload failed (${request.status || 'no answer'}).`;
  });
  $('upload-result').textContent = `Sending ${file.name}, ${file.size} bytes …`;
  request.send(file);
});

$('download-check').addEventListener('click', async () => {
  $('download-result').textContent = 'Fetching …';
  try {
    const response = await fetch('/download?mb=10');
    const body = await response.arrayBuffer();
    const digest = hex(await crypto.subtle.digest('SHA-256', body));
    const verdict = digest === response.headers.get('x-sha256') ? 'hash matches' : 'HASH DIFFERS';
    $('download-result').textContent = `${body.byteLength} bytes, ${verdict}: ${digest}`;
  } catch (error) {
    $('download-result').textContent = `The download failed: ${error.message}`;
  }
});
