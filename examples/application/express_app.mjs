// An application with Express: it answers a number, hands the call to the flow `support`, and gets it back.
//
// AUTH_TOKEN is the account's auth token, CENTRE the address of the contact centre, PORT the port to listen at. Start it
// with `node express_app.mjs`.
import express from "express";
import twilio from "twilio";

const { AUTH_TOKEN, CENTRE, PORT = "3000" } = process.env;
const address = (request, path) => `${request.protocol}://${request.get("host")}${path}`;

const app = express();
app.use(express.urlencoded({ extended: false }));

// Without this check, the values of a call could be invented by anyone.
app.use((request, response, next) => {
  const url = address(request, request.originalUrl);
  const signature = request.get("X-Twilio-Signature") ?? "";
  if (twilio.validateRequest(AUTH_TOKEN, signature, url, request.body ?? {})) next();
  else response.sendStatus(403);
});

app.post("/voice", (request, response) => {
  const answer = new twilio.twiml.VoiceResponse();
  answer.say("Hello from our own application.");
  const parameters = new URLSearchParams({
    values: JSON.stringify({ account: "4711" }),
    return: address(request, "/after"),
  });
  answer.redirect(`${CENTRE}/flows/support?${parameters}`);
  response.type("text/xml").send(answer.toString());
});

app.post("/after", (request, response) => {
  const values = JSON.parse(request.query.values);
  const answer = new twilio.twiml.VoiceResponse();
  answer.say(`Back in our application. Your wish is ${values.wish}.`);
  answer.hangup();
  response.type("text/xml").send(answer.toString());
});

app.listen(Number(PORT), "127.0.0.1", () => console.log("listening"));
