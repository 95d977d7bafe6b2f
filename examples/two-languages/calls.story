# Routing tests of contact-centre.yaml, the example that Cordboard starts with. Play them with
#
#     cordboard test examples/two-languages
#
# docs/guide/test.md explains the sentences.
file ../../contact-centre.yaml

== A caller chooses a language, and a Worker who speaks it answers
00:00  c1 dials                     -> c1 hears "For English, press 1" in en-US
+10s   c1 presses 2                 -> c1 waits, Arjun rings, c1 has attribute selected_language hi
+10s   Arjun answers                -> c1 talks to Arjun, c1 waited at most 20s
+30s   Arjun hangs up               -> Arjun is Wrap-Up, task c1 is completed

== A declined call rings at the next phone
00:00  c1 dials and presses 1       -> Maya rings
+10s   Maya declines                -> Leela rings, c1 waits
+10s   Leela answers                -> c1 talks to Leela

== Without a Worker the caller waits, hears the position, and is served first
00:00  no Worker is available
00:01  c1 dials and presses 1       -> c1 waits, no phone rings, c1 hears "number 1"
00:10  c2 dials and presses 1       -> c2 waits, c2 hears "number 2"
01:00  Maya becomes Available       -> Maya rings, c1 waited at least 50s
+10s   Maya answers                 -> c1 talks to Maya, c2 waits

== After twenty minutes the caller may leave a message
00:00  no Worker is available
00:01  c1 dials and presses 1
21:00  time passes                  -> task c1 is canceled, c1 has event workflow.timeout, c1 has no event reservation.created

== A wrong key and silence end the call without a Task
00:00  c1 dials and presses 9       -> c1 has no task
02:00  time passes                  -> c1 is gone
