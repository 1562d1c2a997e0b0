/*
 * A measurement that was typed wrong is corrected or taken back by a new version, which says why (db/functions/measure_correct.sql). And what vendors send is looked
 * at for what endangers life, as what is entered here is (db/functions/ingest.sql).
 */
ALTER TABLE observation ADD COLUMN corrected_because text CHECK (length(corrected_because) BETWEEN 10 AND 1000);
COMMENT ON COLUMN observation.corrected_because IS 'why this version corrects or takes back the one before; null: it does neither, or its source did not say';
COMMENT ON COLUMN observation.flag IS 'by vital_limit of the day on which it was measured, of what was entered or came within 30 days of that; null: it endangers nobody, or nobody looked';
COMMENT ON COLUMN lab_result.flag IS 'how the value lies to low and high, and to lab_limit; null: there is nothing to compare it with';

/* Whether somebody is to be told is the caller's business. */
DROP FUNCTION IF EXISTS lab_tell(bigint, bigint, text, bigint);
