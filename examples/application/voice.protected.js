// A Twilio Function: it answers a number, hands the call to the flow `support`, and gets it back. The name ends in
// `.protected`, so Twilio itself checks the signature of each request.
//
// CENTRE and SELF are environment variables of the service: the address of the contact centre, and that of this Function.
exports.handler = (context, event, callback) => {
  const answer = new Twilio.twiml.VoiceResponse();
  if (event.values === undefined) {
    answer.say("Hello from our own application.");
    const parameters = new URLSearchParams({
      values: JSON.stringify({ account: "4711" }),
      return: context.SELF,
    });
    answer.redirect(`${context.CENTRE}/flows/support?${parameters}`);
  } else {
    const values = JSON.parse(event.values);
    answer.say(`Back in our application. Your wish is ${values.wish}.`);
    answer.hangup();
  }
  callback(null, answer);
};
