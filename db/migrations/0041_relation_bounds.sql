/*
 * What gives a right until somebody ends it ends by itself too: a call that is not closed, a referral that is neither decided nor taken up, an order
 * without a result, a stay without a discharge. How long is data, so that a fix is an UPDATE; none of it is published, so all of it is assumed.
 */
CREATE TABLE relation_bound (
    relation text COLLATE "C" PRIMARY KEY CHECK (relation IN ('ambulance_call', 'hospital_referral', 'lab_result', 'hospitalization')),
    lasts interval NOT NULL CHECK (lasts > INTERVAL '0'),
    source text NOT NULL CHECK (source <> '')
);
COMMENT ON TABLE relation_bound IS 'how long what nobody ended gives a right; without a row it gives none';
COMMENT ON COLUMN relation_bound.lasts IS
    'ambulance_call: from when it came; hospital_referral: from the day that is wished for, else of the referral; lab_result: from the order; hospitalization: from the admission, or from when the hospital last measured something';
INSERT INTO relation_bound (relation, lasts, source) VALUES
    ('ambulance_call', '48 hours', 'assumed'), ('hospital_referral', '365 days', 'assumed'), ('lab_result', '90 days', 'assumed'), ('hospitalization', '365 days', 'assumed');

/* A hospital that refused sees the person no more, but for a day, in which it may ask again for an answer that was lost. */
ALTER TABLE hospital_referral ADD COLUMN refused_at timestamptz, ADD CHECK (refused_at IS NULL OR status = 'refused');
COMMENT ON COLUMN hospital_referral.refused_at IS 'when the hospital refused; null: it did not, or a source does not say when';
