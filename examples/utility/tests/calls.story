# Routing tests of the utility: what its customers hear, and which phone rings. Play them with
#
#     cordboard test examples/utility
#
# docs/guide/test.md explains the sentences. The hours are those of Germany.
zone Europe/Berlin

== A bill: the customer is known by account number, and waits for the bill desk
Mon 09:00  Greta becomes Available
+0s        https://crm.example.com/customers answers {"name": "Frau Beispiel", "level": "gold"}
+1s        c1 dials                  -> c1 hears "Willkommen bei Beispiel-Energie" in de-DE
+20s       c1 presses 1              -> c1 hears "achtstellige Kundennummer"
+10s       c1 presses 49123456       -> c1 hears "Ihre Kundennummer ist"
+10s       c1 presses 1              -> c1 hears "Guten Tag, Frau Beispiel.", c1 hears "Wir zeichnen das Gespräch auf"
+15s       time passes               -> c1 waits in Bill German, Greta rings
+7s        Greta answers             -> Greta hears "Frau Beispiel, Rechnung"
+7s        Greta presses 1           -> c1 talks to Greta, https://crm.example.com/customers was asked with account=49123456
+30s       Greta hangs up            -> c1 hears "Waren Sie zufrieden", task c1 is completed
+7s        c1 presses 1              -> c1 hears "Vielen Dank für Ihren Anruf", c1 is gone

== A look-up that fails: the customer is served all the same
Mon 09:00  https://crm.example.com/customers answers with HTTP 503
+0s        Emil becomes Available
+1s        c1 dials
+20s       c1 presses 1
+10s       c1 presses 49123456
+10s       c1 presses 1              -> c1 hears "Wir zeichnen das Gespräch auf"
+15s       time passes               -> c1 waits in Service German, Emil rings, c1 has attribute topic service

== A bill desk that is busy: after 30 seconds the service desk takes over
Mon 09:00  Emil becomes Available
+1s        c1 dials
+20s       c1 says Rechnung
+10s       c1 presses 49123456
+10s       c1 presses 1
+15s       time passes               -> c1 waits in Bill German, no phone rings, c1 has priority 2
+35s       time passes               -> c1 waits, Emil rings

== A key account waits before the others
Mon 09:00  c1 dials from +17075550150
+20s       time passes               -> c1 hears "Kundenbetreuung", c1 waits in Service German, c1 has priority 8

== Closed in the evening and on holidays, and open in the morning of Christmas Eve
Mon 18:05         c1 dials           -> c1 hears Willkommen
+10s              time passes        -> c1 hears "zurzeit geschlossen", c1 has no task
2026-12-24 09:00  c2 dials
+20s              time passes        -> c2 hears "Fragen zur Rechnung"
2026-12-25 09:00  c3 dials
+20s              time passes        -> c3 hears "zurzeit geschlossen"

== An emergency at night: the emergency desk, or else the stand-by phone
Tue 03:00  c1 dials
+10s       c1 presses 9              -> c1 hears Notdienst, +17075550199 rings, c1 has no task
+10s       c1 hangs up
+1m        Nadia becomes Available
+10s       c2 dials and presses 9    -> Nadia rings, c2 has priority 100, c2 waits in Emergency

== A French caller leaves the queue for a callback, and keeps the place
Wed 10:00  c1 dials and presses 2    -> c1 hears "Pour votre facture" in fr-FR
+10s       c1 presses 0              -> c1 waits in Service French
+10s       c1 presses 1              -> c1 hears "Pour être rappelé"
+10s       c1 presses 1              -> c1 hears "Nous vous rappellerons", c1 is gone
+1m        Chloé becomes Available   -> Chloé rings
