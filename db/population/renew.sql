/*
 * What gives a right for two days at most (relation_bound) is of the day of asking, and the population is of a fixed day: those who wait for an
 * ambulance in it called long ago. For a demo, and for measurements over one, they call anew, within the last hour; without the dead. The
 * population itself stays as it is drawn. Through the owner; run it again whenever it is two days old.
 */
UPDATE ambulance_call a
   SET received_at = now() - a.patient_id % 60 * INTERVAL '1 minute', recorded_at = now() - a.patient_id % 60 * INTERVAL '1 minute'
  FROM patient p
 WHERE p.id = a.patient_id AND p.deceased_on IS NULL AND a.closed_at IS NULL AND a.superseded_by IS NULL AND a.source_rec IS NOT NULL AND a.source_id < 100
   AND a.received_at < now() - INTERVAL '1 hour';
