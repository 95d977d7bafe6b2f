// Answers a call with a menu, after it has checked the request's signature: the usual Express
// application. Arguments: port, auth token, number of processes.
const cluster = require("node:cluster");
const express = require("express");
const twilio = require("twilio");

const [port, token, processes] = process.argv.slice(2);

function serve() {
  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.post("/incoming-call", twilio.webhook({ protocol: "http" }, token), (request, response) => {
    const document = new twilio.twiml.VoiceResponse();
    const gather = document.gather({ action: "/enqueue-call", numDigits: 1, timeout: 5 });
    gather.say({ language: "en-US" }, "Welcome. For English, press 1.");
    gather.say({ language: "es-ES" }, "Bienvenido. Para español, marque el 2.");
    gather.say({ language: "hi-IN" }, "Namaste. Hindi ke liye 3 dabaen.");
    document.redirect("/incoming-call?attempt=2");
    response.type("text/xml").send(document.toString());
  });
  app.listen(Number(port), "127.0.0.1");
}

process.on("SIGINT", () => process.exit(0));

if (Number(processes) > 1 && cluster.isPrimary) {
  for (let each = 0; each < Number(processes); each += 1) cluster.fork();
} else {
  serve();
}
