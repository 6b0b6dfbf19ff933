.mode list
PRAGMA journal_mode = wal;
PRAGMA synchronous = full;
CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL, people INTEGER, at REAL);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO city SELECT i, 'city ' || (i * 7919 % 20011), i * 31 % 1000, i / 3.0 FROM n;
COMMIT;
CREATE INDEX by_people ON city (people, name);
SELECT count(*), sum(people), round(avg(at), 3), min(name), max(name) FROM city;
SELECT people, count(*) c FROM city GROUP BY people ORDER BY c DESC, people LIMIT 5;
SELECT name FROM city WHERE people = 42 ORDER BY name LIMIT 5;
BEGIN; DELETE FROM city WHERE id % 2; ROLLBACK;
SELECT count(*) FROM city;
CREATE VIRTUAL TABLE words USING fts5(text);
INSERT INTO words VALUES ('the quick brown fox'), ('jumps over the lazy dog'), ('quick quick slow');
SELECT rowid, text FROM words WHERE words MATCH 'quick' ORDER BY rank, rowid;
SELECT json_extract('{"a":[1,2,{"b":"c"}]}', '$.a[2].b'), hex(zeroblob(4)), printf('%.4f', 2.0 / 3);
SELECT id, people, sum(people) OVER (ORDER BY id ROWS 2 PRECEDING) FROM city WHERE id < 6;
PRAGMA wal_checkpoint(truncate);
VACUUM;
PRAGMA integrity_check;
