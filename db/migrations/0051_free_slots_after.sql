/* free_slots() goes on behind a time: db/functions/booking.sql has it with one argument more. */
DROP FUNCTION IF EXISTS free_slots(text, bigint, text, date, date);
