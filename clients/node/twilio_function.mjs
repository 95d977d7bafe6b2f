// Runs a Twilio Function as Twilio's runtime does: node twilio_function.mjs FILE. AUTH_TOKEN, CENTRE and PORT are in the
// environment. A Function whose name ends in `.protected` gets only requests that the carrier has signed.
import http from "node:http";
import { readFileSync } from "node:fs";
import vm from "node:vm";
import twilio from "twilio";

const { AUTH_TOKEN, CENTRE, PORT } = process.env;
const exports = {};
vm.runInNewContext(readFileSync(process.argv[2], "utf8"), { Twilio: twilio, URLSearchParams, exports });

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    const url = new URL(request.url, `http://${request.headers.host}`);
    const signature = request.headers["x-twilio-signature"] ?? "";
    if (!twilio.validateRequest(AUTH_TOKEN, signature, url.href, form)) {
      response.writeHead(403).end();
      return;
    }
    const event = { ...Object.fromEntries(url.searchParams), ...form };
    exports.handler({ CENTRE, SELF: `${url.origin}/voice` }, event, (error, answer) => {
      if (error) throw error;
      response.writeHead(200, { "content-type": "text/xml" }).end(answer.toString());
    });
  });
});
server.listen(Number(PORT), "127.0.0.1", () => console.log("listening"));
