/*
 * Whose a report or an emergency access is, for the record of every look alone: who works through these queues is shown nothing by which to
 * know the person, but is shown words that the person wrote, or why the passport was opened.
 */
ALTER TYPE report ADD ATTRIBUTE patient_id bigint;
ALTER TYPE emergency_task ADD ATTRIBUTE patient_id bigint;
