// What the examples answer with: one document, otherwise fragments.

export const contactCard = (tag, { firstName, email }) => `
<div id="contact" hx-target="this" hx-swap="outerHTML">
  <p><label>First name</label>: <span id="first-name">${firstName}</span></p>
  <p><label>Email</label>: <span id="email-shown">${email}</span></p>
  <button id="edit" hx-get="/contact/${tag}/edit">Edit</button>
</div>`;

export const contactForm = (tag, { firstName, email }) => `
<form id="contact" hx-put="/contact/${tag}" hx-target="this" hx-swap="outerHTML">
  <input name="firstName" value="${firstName}" aria-label="First name" />
  <input name="email" value="${email}" aria-label="Email" />
  <button id="save">Save</button>
</form>`;

export const row = (tag, n) => `
<tr id="row-${n}"><td>Row ${n}</td>
<td><button hx-delete="/rows/${tag}/${n}" hx-target="closest tr" hx-swap="outerHTML">Delete</button></td></tr>`;

export const page = (tag) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>htmx examples</title>
    <script src="/htmx.js"></script>
    <script src="/sse.js"></script>
  </head>
  <body hx-boost="true">
    ${
      tag === ''
        ? '<p>Examples of htmx.</p>'
        : `
    <div hx-get="/contact/${tag}" hx-trigger="load" hx-swap="outerHTML"></div>
    <table><tbody id="rows" hx-get="/rows/${tag}" hx-trigger="load" hx-target="this"></tbody></table>
    <input id="search" name="search" aria-label="Search" hx-post="/search"
      hx-trigger="input changed delay:100ms" hx-target="#found" />
    <table><tbody id="found"></tbody></table>
    <input id="email" name="email" aria-label="Email" hx-post="/validate" hx-trigger="change" hx-swap="none" />
    <span id="problem"></span>
    <div hx-ext="sse" sse-connect="/clock"><p id="clock" sse-swap="tick"></p></div>
    <table><tbody id="list"><tr hx-get="/more/1" hx-trigger="load" hx-swap="afterend"><td>start</td></tr></tbody></table>
    <a id="home" href="/">Start page</a>`
    }
  </body>
</html>`;
