/*
 * A link to the image of a study, good for five minutes: the server seals what stands here, so that it says nothing to whoever sees it (server/file_link.h).
 * The image is a file in the server's store (--images), at image_ref; what its name ends with says what it is, and DICOM has no ending at times. An image_ref
 * that is no path (a name of another archive) has no link.
 */
CREATE OR REPLACE FUNCTION diagnostic_report_image(patient bigint, report bigint) RETURNS SETOF image_link LANGUAGE sql STABLE AS $$
    SELECT r.patient_id, t.media_type, l.expires_at, concat_ws(' ', extract(epoch FROM l.expires_at)::bigint, t.media_type, r.image_ref)
      FROM diagnostic_report r
     CROSS JOIN LATERAL (SELECT CASE lower(substring(r.image_ref FROM '\.([^./]*)$'))
                                    WHEN 'png' THEN 'image/png' WHEN 'jpg' THEN 'image/jpeg' WHEN 'jpeg' THEN 'image/jpeg'
                                    WHEN 'dcm' THEN 'application/dicom' ELSE CASE WHEN r.image_ref !~ '\.[^/]*$' THEN 'application/dicom' END END AS media_type) t
     CROSS JOIN LATERAL (SELECT date_trunc('second', now()) + interval '5 minutes' AS expires_at) l
     WHERE r.patient_id = patient AND r.id = report AND t.media_type IS NOT NULL
       AND length(r.image_ref) <= 250 AND r.image_ref ~ '^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$'
$$;
