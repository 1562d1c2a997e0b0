/*
 * What somebody wrote, without the blanks around it: spaces, ends of lines, and those of Unicode that nobody sees (trim() knows the space alone, and ten
 * ends of lines were a reason of ten characters). Nothing is left of what says nothing.
 */
CREATE OR REPLACE FUNCTION trimmed(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(said, E' \t\n\u000b\u000c\r\u0085\u00a0\u00ad\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202f\u205f\u2060\u2800\u3000\u3164\ufeff')
$$;
