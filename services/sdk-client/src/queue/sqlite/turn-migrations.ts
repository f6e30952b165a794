/**
 * `available_at_ms` is when an open turn may be given out (again): the end of its delay, or of its claim's visibility. `wait_ms` is how
 * long that was to take, because a clock may be set back meanwhile. `sign` is the message that shows a waiting turn's place, 0 while it is
 * being sent, -1 once it is gone. A handled turn keeps only its `update_id`, against duplicates. The order is that of `position`.
 */
export const TURN_MIGRATIONS = [
  `CREATE TABLE turns (
     position INTEGER PRIMARY KEY,
     update_id INTEGER NOT NULL UNIQUE,
     group_key TEXT NOT NULL,
     turn_json TEXT,
     state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'dead')),
     attempt INTEGER NOT NULL DEFAULT 0,
     available_at_ms INTEGER NOT NULL DEFAULT 0,
     claim TEXT,
     owner_host TEXT,
     owner_pid INTEGER,
     owner_process_id TEXT,
     ended_at_ms INTEGER
   ) STRICT;
   CREATE INDEX open_turns ON turns (position) WHERE state = 'open';
   CREATE INDEX open_groups ON turns (group_key, position) WHERE state = 'open';
   CREATE INDEX handled_turns ON turns (ended_at_ms) WHERE state = 'done';`,
  // What was put off or is being handled keeps its time, but no clock makes it wait for longer than an hour.
  `ALTER TABLE turns ADD COLUMN wait_ms INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE turns ADD COLUMN chat TEXT NOT NULL DEFAULT '';
   ALTER TABLE turns ADD COLUMN is_aside INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE turns ADD COLUMN owner_started TEXT;
   ALTER TABLE turns ADD COLUMN sign INTEGER;
   UPDATE turns SET wait_ms = 3600000, chat = substr(group_key, 1, instr(group_key, ':') - 1),
     is_aside = group_key LIKE '%:aside';
   CREATE INDEX claimed_turns ON turns (position) WHERE state = 'open' AND claim IS NOT NULL;
   CREATE INDEX signed_turns ON turns (position) WHERE sign IS NOT NULL;`,
];
