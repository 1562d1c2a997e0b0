// A small world for the proof of rights: people whose every text is a canary (`canary-<person>-...`), and those who have
// a right to them, had one, or look as if. What each may see is written here by hand beside the rows that make it so; nothing
// of it is taken from the server or from access_rights(). The rows of what stands beside the clinical core are in world-*.mjs.
import * as care from './world-care.mjs';
import * as clinical from './world-clinical.mjs';
import * as medicines from './world-medicines.mjs';
import * as prevention from './world-prevention.mjs';

const AREAS = [clinical, care, prevention, medicines];

/** The twelve digits whose first eleven are `body`; null when no such number was ever issued. */
function nationalNumber(body) {
  const digits = [...String(body).padStart(11, '0')].map(Number);
  const check = (weights) => digits.reduce((sum, digit, i) => sum + digit * weights[i], 0) % 11;
  let c = check([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  if (c === 10) c = check([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]);
  return c === 10 ? null : `${digits.join('')}${c}`;
}

/** Numbers one after the other; of a day that the population does not draw. */
function* nationalNumbers(body) {
  for (;; body++) {
    const number = nationalNumber(body);
    if (number) yield number;
  }
}

const iins = nationalNumbers(99_123_090_000), bins = nationalNumbers(99_134_090_000);
const nextIin = () => iins.next().value;
const nextBin = () => bins.next().value;

// Every person has the same four entries of each kind, with the same numbers: b corrects a, c and d stand alone.
export const ENTRIES = { a: 9_000_001, b: 9_000_002, c: 9_000_003, d: 9_000_004 };
const FIRST = 9_000_000; // of ids in tables that nobody owns

/** Quoted for SQL; null stays null. */
const q = (value) => (value === null ? 'NULL' : typeof value === 'number' ? String(value) : `'${value}'`);
const row = (table, values) => `INSERT INTO ${table} (${Object.keys(values).join(', ')}) VALUES (${
  Object.values(values).map((value) => (value?.sql ? value.sql : q(value))).join(', ')});`;
const sql = (text) => ({ sql: text });
const today = (days) => sql(`(now() AT TIME ZONE INTERVAL '5 hours')::date + (${days})`);
const yearsAgo = (years, days = 0) => sql(`((now() AT TIME ZONE INTERVAL '5 hours')::date - INTERVAL '${years} years' + INTERVAL '${days} days')::date`);
const hours = (n) => sql(`now() + INTERVAL '${n} hours'`);

// ---- places and those who work there ----

const CLINICS = { home: 'polyclinic', elsewhere: 'polyclinic', referring: 'polyclinic', ward: 'hospital', formerWard: 'hospital',
  awaited: 'hospital', refused: 'hospital', station: 'ambulance', otherStation: 'ambulance', laboratory: 'laboratory', closed: 'polyclinic',
  formerLaboratory: 'laboratory', otherLaboratory: 'laboratory', answering: 'polyclinic' };
const POSTS = { // practitioner -> [clinic, role, district, valid_to in days or null]
  districtDoctor: ['home', 'district_doctor', 1, null],
  otherDistrictDoctor: ['home', 'district_doctor', 2, null],
  elsewhereDoctor: ['elsewhere', 'district_doctor', 1, null],
  districtNurse: ['home', 'nurse', 1, null],
  otherNurse: ['home', 'nurse', 2, null],
  booked: ['home', 'specialist', null, null],
  bookedOnce: ['home', 'specialist', null, null],
  cancelled: ['home', 'specialist', null, null],
  wardDoctor: ['ward', 'hospital_doctor', null, null],
  formerWardDoctor: ['formerWard', 'hospital_doctor', null, null],
  referringDoctor: ['referring', 'specialist', null, null],
  awaitedDoctor: ['awaited', 'hospital_doctor', null, null],
  refusedDoctor: ['refused', 'hospital_doctor', null, null],
  prescriber: ['elsewhere', 'specialist', null, null],
  formerPrescriber: ['elsewhere', 'specialist', null, null],
  paramedic: ['station', 'paramedic', null, null],
  ambulanceManager: ['station', 'manager', null, null],
  otherParamedic: ['otherStation', 'paramedic', null, null],
  breakGlass: ['elsewhere', 'specialist', null, null],
  brokenGlass: ['elsewhere', 'specialist', null, null],
  grantee: ['elsewhere', 'specialist', null, null],
  revokedGrantee: ['elsewhere', 'specialist', null, null],
  formerGrantee: ['elsewhere', 'specialist', null, null],
  dismissed: ['home', 'district_doctor', 3, -1],
  inactive: ['home', 'district_doctor', 4, null],
  closedDoctor: ['closed', 'district_doctor', 1, null],
  labWorker: ['laboratory', 'specialist', null, null],
  labManager: ['laboratory', 'manager', null, null],
  formerLabWorker: ['formerLaboratory', 'specialist', null, null],
  otherLabWorker: ['otherLaboratory', 'specialist', null, null],
  wardNurse: ['ward', 'nurse', null, null],
  formerWardNurse: ['formerWard', 'nurse', null, null],
  answerer: ['answering', 'specialist', null, null],
  answeringNurse: ['answering', 'nurse', null, null],
  answeringManager: ['answering', 'manager', null, null],
  bookedBreakGlass: ['home', 'specialist', null, null],
  deceased: ['home', 'specialist', null, null],
  guardiansGrantee: ['elsewhere', 'specialist', null, null],
};
const PEOPLE = ['alia', 'bolat', 'gulnar', 'child', 'teen', 'grown', 'hider', 'dead', 'left', 'lost', 'shut', 'gone'];
const HOME = { // person -> [clinic, district doctor] of the open attachment
  alia: ['home', 'districtDoctor'], hider: ['home', 'districtDoctor'], child: ['home', 'districtDoctor'], teen: ['home', 'districtDoctor'],
  grown: ['home', 'districtDoctor'], dead: ['home', 'districtDoctor'], bolat: ['elsewhere', 'elsewhereDoctor'],
  gulnar: ['elsewhere', 'elsewhereDoctor'], left: ['home', 'dismissed'], lost: ['home', 'inactive'], shut: ['closed', 'closedDoctor'],
};
const BORN = { child: [8], teen: [16], grown: [18] };

const clinics = Object.fromEntries(Object.keys(CLINICS).map((name, i) => [name, { id: FIRST + 500 + i, bin: nextBin() }]));
const practitioners = Object.fromEntries(Object.keys(POSTS).map((name, i) => [name, { id: FIRST + 500 + i, iin: nextIin() }]));
/** Somebody whose record is full of canaries; marks: what nobody else may see. `n`: under 90, another's for each in a database. */
function makePerson(name, n) {
  const iin = nextIin();
  return { name, n, id: FIRST + n, iin, marks: [`canary-${name}-`, iin] };
}
const people = Object.fromEntries(PEOPLE.map((name, i) => [name, makePerson(name, i)]));
practitioners.deceased.iin = people.dead.iin;
const fund = nextBin();
const outsider = nextIin(); // a guardian without a passport
const absentIin = nextIin();

// ---- what is planted ----

const SOMEWHERE = 'CREATE TEMP TABLE somewhere AS SELECT min(id) AS region FROM region;';

function placesSql() {
  return [
    SOMEWHERE,
    row('national_office', { role: 'PAYER', bin: fund, valid_from: '2020-01-01', name_kk: 'x', name_ru: 'x', name_en: 'x' }),
    ...Object.entries(CLINICS).map(([name, kind]) => row('clinic', { id: clinics[name].id, region_id: sql('(SELECT region FROM somewhere)'),
      bin: clinics[name].bin, kind, name: `place-${name}`, address: `address-${name}`, active: name === 'closed' ? sql('false') : sql('true') })),
    ...Object.entries(POSTS).flatMap(([name, [clinic, role, district, until]]) => [
      row('practitioner', { id: practitioners[name].id, iin: practitioners[name].iin, full_name: `worker-${name}`, specialty: 'x', active: sql(String(name !== 'inactive')) }),
      row('practitioner_role', { practitioner_id: practitioners[name].id, clinic_id: clinics[clinic].id, role, district_number: district,
        valid_from: '2001-01-01', valid_to: until === null ? null : today(until) })]),
    // Who broke the glass for one organisation works for another too.
    row('practitioner_role', { practitioner_id: practitioners.breakGlass.id, clinic_id: clinics.ward.id, role: 'hospital_doctor', valid_from: '2001-01-01' }),
  ];
}

/** Reference rows that only this person's record leads to, so that their names are canaries too. */
function referencesSql({ name, n, id }) {
  const text = (what) => `canary-${name}-${what}`;
  const region = sql('(SELECT region FROM somewhere)');
  return [
    row('clinic', { id, region_id: region, bin: nextBin(), kind: 'hospital', name: text('clinic'), address: text('clinic-address') }),
    row('pharmacy', { id, region_id: region, name: text('pharmacy'), address: text('pharmacy-address') }),
    row('practitioner', { id, full_name: text('practitioner'), specialty: text('specialty') }),
    row('source_system', { id: 1000 + n, name: text('source'), vendor: text('vendor') }),
    row('drug', { id, inn: text('inn'), name: text('drug'), atc: 'A01AA01', strength: text('strength'), form: text('form'), pack_quantity: 100 + n,
      producer: text('producer'), registration_number: text('registration') }),
    ...Object.keys(ENTRIES).map((k, i) => row('icd10', { code: icd10(n, i), name_kk: text(`icd-${k}`), name_ru: text(`icd-${k}`), name_en: text(`icd-${k}`) })),
    ...AREAS.flatMap((area) => area.references({ name, n, id }, { row, sql, text })),
  ];
}
const icd10 = (n, i) => `Y${10 + n}.${i}`;

/** What is in every kind of entry `k` of a person, table by table: the columns that are not the same in all. */
function entryRows(person, k, i) {
  const { name, n, id, iin } = person;
  const day = (more) => sql(`DATE '2001-01-01' + ${n * 40 + i * 3 + more}`);
  const text = (table, column) => `canary-${name}-${table}-${k}-${column}`;
  const code = icd10(n, i);
  return {
    condition: { clinic_id: id, recorded_on: day(0), onset: day(-5), icd10: code, name: text('condition', 'name') },
    allergy: { noted_on: day(0), substance: text('allergy', 'substance'), reaction: text('allergy', 'reaction'), criticality: 'high' },
    immunization: { clinic_id: id, given_on: day(0), dose_number: 10 + i, vaccine: text('immunization', 'vaccine'), lot: text('immunization', 'lot') },
    prescription: { drug_id: id, prescriber_id: id, clinic_id: id, pharmacy_id: id, condition_id: ENTRIES[k], issued_on: day(0), valid_to: day(30),
      quantity: 1000 + n * 10 + i, refills_left: i, status: 'dispensed', number: text('prescription', 'number'), dose: text('prescription', 'dose') },
    dispense: { prescription_id: ENTRIES[k], pharmacy_id: id, drug_id: id, price: 100_000 + n * 1000 + i, paid_by_patient: 50_000 + n * 1000 + i, dispensed_on: day(1),
      quantity: 2000 + n * 10 + i },
    dispensary_registration: { clinic_id: id, practitioner_id: id, condition_id: ENTRIES[k], registered_on: day(0), removed_on: day(100), next_visit_on: day(50),
      group_number: 3, icd10: code, removal_reason: text('dispensary_registration', 'reason') },
    hospital_referral: { from_clinic_id: id, to_clinic_id: id, condition_id: ENTRIES[k], referred_on: day(0), planned_on: day(9), status: 'admitted', icd10: code,
      sheet_number: text('hospital_referral', 'sheet') },
    hospitalization: { clinic_id: id, referral_id: ENTRIES[k], admitted_on: day(0), discharged_on: day(2), department: text('hospitalization', 'department'),
      icd10_admission: code, icd10_discharge: code, outcome: 'improved', corrected_because: text('hospitalization', 'because') },
    attachment: { clinic_id: id, district_doctor_id: id, attached_on: day(0), detached_on: day(2) },
    ambulance_call: { clinic_id: id, received_at: day(0), closed_at: day(1), category: 2, number: text('ambulance_call', 'number') },
    appointment: { practitioner_id: id, clinic_id: id, starts_at: day(0), status: 'missed' },
    diary_entry: { noted_at: day(0), kind: 'wellbeing', value: 300, note: text('diary_entry', 'note') },
    guardianship: { kind: 'trustee', guardian_iin: outsider, valid_from: day(0), valid_to: day(1) },
    // Both long over, so that they give no right.
    access_rule: { kind: 'grant', practitioner_id: id, made_by: iin, valid_from: secondOf(i), valid_to: secondOf(i + 10) },
    emergency_grant: { practitioner_id: id, clinic_id: id, role: 'DOCTOR', reason_code: 'unconscious', reason: text('emergency_grant', 'reason'),
      valid_from: secondOf(i), valid_to: secondOf(i + 10) },
    ...Object.assign({}, ...AREAS.map((area) => area.rows(person, k, i, { sql, day, text, code, secondOf, entry: ENTRIES[k] }))),
  };
}
// What has no versions, no source and nobody who recorded it.
const PLAIN = ['access_rule', 'emergency_grant', ...AREAS.flatMap((area) => area.PLAIN)];
// What some people have beside the four of a kind.
const FIFTH = { id: 9_000_005, recorded_at: '2001-01-01 00:00:04+00' };
const OTHERS = { id: 9_000_006, recorded_at: '2001-01-01 00:00:05+00' }, OTHERS_TOO = { id: 9_000_007, recorded_at: '2001-01-01 00:00:06+00' };
/** When entry number `i` was made. */
const secondOf = (i) => `2001-01-01 00:00:${String(i).padStart(2, '0')}+00`;

function personSql(person) {
  const { name, n, id, iin } = person;
  const [years, days] = BORN[name] ?? [40, n];
  const statements = [
    ...referencesSql(person),
    row('patient', { id, iin, birth_date: yearsAgo(years, days), deceased_on: name === 'dead' ? today(-1) : null, sex: n % 2 ? 'male' : 'female',
      blood_group: n % 2 ? 'AB-' : 'O+', full_name: `canary-${name}-name`, phone: `+7700${String(n).padStart(7, '0')}`, source_id: 1000 + n }),
  ];
  Object.keys(ENTRIES).forEach((k, i) => {
    for (const [table, values] of Object.entries(entryRows(person, k, i))) {
      if (PLAIN.includes(table)) {
        // The last dispute of one person was answered just now, by a clinic that people ask from.
        const answered = table === 'dispute' && k === 'd' && name === 'alia' ? { clinic_id: clinics.answering.id, answered_at: hours(-1) } : {};
        statements.push(row(table, { patient_id: id, id: ENTRIES[k], ...values, ...answered }));
        continue;
      }
      statements.push(row(table, { patient_id: id, id: ENTRIES[k], recorded_by: table === 'allergy' && k === 'd' && name === 'hider' ? practitioners.districtDoctor.id : id,
        version: k === 'b' ? 2 : 1, source_id: 1000 + n, source_rec: `canary-${name}-${table}-${k}`, recorded_at: secondOf(i), ...values }));
    }
  });
  if (HOME[name]) {
    const [clinic, doctor] = HOME[name];
    statements.push(row('attachment', { patient_id: id, clinic_id: clinics[clinic].id, district_doctor_id: practitioners[doctor].id, attached_on: '2020-01-01', source_id: 1000 + n }));
  }
  return statements;
}

const relation = (table, name, values) => row(table, { patient_id: people[name].id, ...values });

/** What gives a right, or gave one. */
function relationsSql() {
  const { alia, hider } = people;
  const grant = (who, values = {}) => relation('access_rule', 'alia', { kind: 'grant', practitioner_id: practitioners[who].id, valid_from: hours(-100), valid_to: hours(100), made_by: alia.iin, ...values });
  const emergency = (name, who, from, at = 'elsewhere') => relation('emergency_grant', name, { practitioner_id: practitioners[who].id, clinic_id: clinics[at].id, role: 'DOCTOR',
    valid_from: hours(from), valid_to: hours(from + 24), reason_code: 'unconscious', reason: 'found on the street' });
  const appointment = (name, who, starts, status, minutes = 0) => relation('appointment', name, { practitioner_id: practitioners[who].id, clinic_id: clinics.home.id,
    starts_at: sql(`now() + INTERVAL '${starts} days ${minutes} minutes'`), status });
  const referral = (from, to, on, status) => relation('hospital_referral', 'alia', { from_clinic_id: clinics[from].id, to_clinic_id: clinics[to].id, referred_on: today(on), status,
    source_id: 1000 + alia.n, icd10: icd10(alia.n, 0), sheet_number: `canary-alia-sheet-${to}`, refusal: status === 'refused' ? 'canary-alia-refusal' : null });
  const prescribed = (who, on) => relation('prescription', 'alia', { drug_id: alia.id, prescriber_id: practitioners[who].id, issued_on: today(on), valid_to: today(on + 30), quantity: 1,
    number: `canary-alia-by-${who}`, dose: 'canary-alia-dose' });
  const call = (name, station, closed, received = -2) => relation('ambulance_call', name, { clinic_id: clinics[station].id, received_at: hours(received), closed_at: closed, category: 1, number: `canary-${name}-call-${station}` });
  const guardian = (name, values) => relation('guardianship', name, { kind: 'mother', valid_from: '2015-01-01', ...values });
  const lab = (name, clinic, values) => relation('lab_result', name, { clinic_id: clinics[clinic].id, name: `canary-${name}-ordered`, loinc: clinical.loinc(people[name].n), source_id: 1000 + people[name].n, ...values });
  const hide = (table, values) => relation('access_rule', 'hider', { kind: 'hide', item_table: table, made_by: hider.iin, ...values });
  return [
    ...['child', 'teen', 'grown'].map((name) => guardian(name, { guardian_id: people.gulnar.id })),
    guardian('child', { guardian_id: people.bolat.id, valid_to: today(0) }),
    guardian('child', { guardian_id: people.alia.id, record_status: 'entered_in_error' }),
    guardian('child', { guardian_iin: outsider }), guardian('child', { guardian_id: people.dead.id }),
    appointment('alia', 'booked', 1, 'booked'), appointment('hider', 'booked', 1, 'booked', 20),
    appointment('hider', 'bookedBreakGlass', 1, 'booked', 40), appointment('alia', 'deceased', 1, 'booked', 60),
    appointment('alia', 'bookedOnce', -31, 'kept'), appointment('alia', 'cancelled', 1, 'cancelled'),
    relation('hospitalization', 'alia', { clinic_id: clinics.ward.id, admitted_on: today(-2), department: 'canary-alia-ward', icd10_admission: icd10(alia.n, 0) }),
    relation('hospitalization', 'alia', { clinic_id: clinics.formerWard.id, admitted_on: today(-40), discharged_on: today(-31), department: 'canary-alia-former-ward',
      icd10_admission: icd10(alia.n, 0), icd10_discharge: icd10(alia.n, 0), outcome: 'recovered' }),
    referral('referring', 'awaited', -300, 'waiting'), referral('referring', 'refused', -1, 'refused'), referral('referring', 'formerWard', -366, 'waiting'),
    prescribed('prescriber', -10), prescribed('formerPrescriber', -91),
    call('alia', 'station', null), call('hider', 'station', null), call('alia', 'otherStation', hours(-1)), call('bolat', 'otherStation', null, -49),
    emergency('alia', 'breakGlass', -1), emergency('hider', 'breakGlass', -1), emergency('alia', 'brokenGlass', -25),
    emergency('hider', 'bookedBreakGlass', -1, 'home'),
    grant('grantee'), grant('revokedGrantee', { revoked_at: hours(-1), revoked_by: alia.iin }), grant('formerGrantee', { valid_to: hours(-1) }),
    relation('access_rule', 'hider', { kind: 'grant', practitioner_id: practitioners.grantee.id, valid_to: hours(100), made_by: hider.iin }),
    // Of guardians: one who decides, one who did, one of somebody who is sixteen.
    ...[['child', 'grantee', 'gulnar'], ['child', 'guardiansGrantee', 'bolat'], ['teen', 'guardiansGrantee', 'gulnar']]
      .map(([name, who, by]) => relation('access_rule', name, { kind: 'grant', practitioner_id: practitioners[who].id, valid_to: hours(100), made_by: people[by].iin })),
    // Orders of laboratories; the fifth entry is of another one, or hidden.
    lab('alia', 'laboratory', { ordered_at: hours(-3), status: 'ordered' }),
    lab('alia', 'formerLaboratory', { ...FIFTH, ordered_at: today(-33), resulted_at: today(-31), value_text: 'canary-alia-result' }),
    lab('alia', 'otherLaboratory', { ...OTHERS, ordered_at: hours(-3), status: 'cancelled' }),
    lab('alia', 'otherLaboratory', { ...OTHERS_TOO, ordered_at: hours(-3), status: 'ordered', record_status: 'entered_in_error' }),
    lab('hider', 'laboratory', { ordered_at: today(-20), resulted_at: today(-19), value_text: 'canary-hider-result' }),
    lab('hider', 'laboratory', { ...FIFTH, ordered_at: hours(-2), status: 'ordered' }),
    hide('lab_result', { item_id: FIFTH.id, role: 'LABORATORY' }),
    // See hiddenFrom() for what these do.
    hide('allergy', {}),
    hide('condition', { item_id: ENTRIES.c, role: 'DOCTOR' }),
    hide('prescription', { item_id: ENTRIES.d, practitioner_id: practitioners.booked.id }),
    hide('immunization', { item_id: ENTRIES.b, role: 'NURSE' }),
    hide('hospitalization', { item_id: ENTRIES.d, clinic_id: clinics.home.id }),
    hide('hospital_referral', { item_id: ENTRIES.d, role: 'PAYER' }),
    hide('diary_entry', { item_id: ENTRIES.d, role: 'DOCTOR' }),
    hide('prescription', { valid_from: hours(-2), revoked_at: hours(-1), revoked_by: hider.iin }),
  ];
}

const TABLES = Object.keys(entryRows(people.alia, 'a', 0));

/** Everybody, nothing corrected yet: the time to note the ids of all. */
export const worldSql = () => ['BEGIN;', ...placesSql(), ...Object.values(people).flatMap(personSql), ...relationsSql(), 'COMMIT;'].join('\n');

/** `count` people who have nothing to do with each other, and the SQL that plants them: { users, sql }. */
export function crowd(count) {
  const users = Array.from({ length: count }, (_, n) => makePerson(`u${String(n).padStart(2, '0')}`, n));
  return { users, sql: ['BEGIN;', SOMEWHERE, ...users.flatMap(personSql), 'COMMIT;'].join('\n') };
}

/** Then b corrects a everywhere, and `gone` was never there: good ids that lead nowhere. For the superuser. */
export const laterSql = () => ['SET session_replication_role = replica;',
  ...TABLES.filter((table) => !PLAIN.includes(table)).map((table) => `UPDATE ${table} SET superseded_by = ${ENTRIES.b} WHERE id = ${ENTRIES.a} AND patient_id >= ${FIRST};`),
  ...[...TABLES, 'patient'].map((table) => `DELETE FROM ${table} WHERE ${table === 'patient' ? 'id' : 'patient_id'} = ${people.gone.id};`)].join('\n');

/** Which of the four entries was made at this time (or of those that some have beside them: e to g); others have no letter. */
export const letterOf = (recordedAt) => (/^2001-01-01T00:00:0([0-6])Z$/.test(recordedAt) ? 'abcdefg'[Number(recordedAt.at(-2))] : null);

// ---- who asks ----

/** A clinician: what the token says, and as what he sees whom. */
const clinician = (name, role, who, clinic, sees = {}) => ({ name, role, practitioner: who, clinic,
  claims: { role, sub: practitioners[who].iin, org: clinics[clinic]?.bin }, sees });
const citizen = (name, sub, sees = {}) => ({ name, role: 'CITIZEN', claims: { role: 'CITIZEN', sub }, sees });
const everybody = (capacity) => Object.fromEntries(Object.keys(people).filter((name) => name !== 'gone').map((name) => [name, [capacity]]));
const DISTRICT = { alia: ['DISTRICT_DOCTOR'], hider: ['DISTRICT_DOCTOR'], child: ['DISTRICT_DOCTOR'], teen: ['DISTRICT_DOCTOR'], grown: ['DISTRICT_DOCTOR'], dead: ['DISTRICT_DOCTOR'] };
const NURSED = Object.fromEntries(Object.keys(DISTRICT).map((name) => [name, ['DISTRICT_NURSE']]));
const TREATED = { alia: ['TREATING_DOCTOR'] };

const viewers = [
  { name: 'anonymous', role: null, claims: null, sees: {} },
  citizen('owner', people.alia.iin, { alia: ['OWNER'] }),
  citizen('owner who hides', people.hider.iin, { hider: ['OWNER'] }),
  citizen('stranger, guardian once', people.bolat.iin, { bolat: ['OWNER'] }),
  citizen('guardian', people.gulnar.iin, { gulnar: ['OWNER'], child: ['GUARDIAN'], teen: ['GUARDIAN_OF_TEENAGER'] }),
  citizen('guardian without a passport', outsider, { child: ['GUARDIAN'] }),
  citizen('child', people.child.iin, { child: ['OWNER'] }),
  citizen('ward who grew up', people.grown.iin, { grown: ['OWNER'] }),
  citizen('the dead', people.dead.iin),
  citizen('nobody', absentIin),
  citizen('a doctor as a citizen', practitioners.districtDoctor.iin),
  clinician('district doctor', 'DOCTOR', 'districtDoctor', 'home', DISTRICT),
  clinician('district doctor as a nurse', 'NURSE', 'districtDoctor', 'home'),
  clinician('district doctor elsewhere', 'DOCTOR', 'districtDoctor', 'elsewhere'),
  clinician('district doctor of no organisation', 'DOCTOR', 'districtDoctor', null),
  clinician('district doctor as an ambulance doctor', 'AMBULANCE', 'districtDoctor', 'station'),
  clinician('doctor of another district', 'DOCTOR', 'otherDistrictDoctor', 'home'),
  clinician('doctor of another clinic', 'DOCTOR', 'elsewhereDoctor', 'elsewhere', { bolat: ['DISTRICT_DOCTOR'], gulnar: ['DISTRICT_DOCTOR'] }),
  clinician('district nurse', 'NURSE', 'districtNurse', 'home', NURSED),
  clinician('district nurse as a doctor', 'DOCTOR', 'districtNurse', 'home'),
  clinician('nurse of another district', 'NURSE', 'otherNurse', 'home'),
  clinician('doctor with an appointment', 'DOCTOR', 'booked', 'home', { ...TREATED, hider: ['TREATING_DOCTOR'] }),
  clinician('doctor with an old appointment', 'DOCTOR', 'bookedOnce', 'home'),
  clinician('doctor with a cancelled appointment', 'DOCTOR', 'cancelled', 'home'),
  clinician('doctor of the ward', 'DOCTOR', 'wardDoctor', 'ward', TREATED),
  clinician('nurse of the ward', 'NURSE', 'wardNurse', 'ward', { alia: ['TREATING_NURSE'] }),
  clinician('nurse of a former ward', 'NURSE', 'formerWardNurse', 'formerWard'),
  clinician('doctor of a former ward', 'DOCTOR', 'formerWardDoctor', 'formerWard'),
  clinician('doctor who referred', 'DOCTOR', 'referringDoctor', 'referring', TREATED),
  clinician('doctor who waits for the patient', 'DOCTOR', 'awaitedDoctor', 'awaited', TREATED),
  clinician('doctor of a referral that was refused', 'DOCTOR', 'refusedDoctor', 'refused'),
  clinician('doctor who prescribed', 'DOCTOR', 'prescriber', 'elsewhere', TREATED),
  clinician('doctor who prescribed long ago', 'DOCTOR', 'formerPrescriber', 'elsewhere'),
  clinician('doctor who answers a dispute', 'DOCTOR', 'answerer', 'answering', { alia: ['DISPUTE_ANSWERER'] }),
  clinician('nurse who answers a dispute', 'NURSE', 'answeringNurse', 'answering', { alia: ['DISPUTE_ANSWERER'] }),
  clinician('manager of a clinic that answers a dispute', 'DOCTOR', 'answeringManager', 'answering'),
  clinician('ambulance with a call', 'AMBULANCE', 'paramedic', 'station', { alia: ['AMBULANCE'], hider: ['AMBULANCE'] }),
  clinician('manager of the ambulance', 'AMBULANCE', 'ambulanceManager', 'station'),
  clinician('ambulance whose call is closed', 'AMBULANCE', 'otherParamedic', 'otherStation'),
  clinician('break-glass', 'DOCTOR', 'breakGlass', 'elsewhere', { alia: ['BREAK_GLASS'], hider: ['BREAK_GLASS'] }),
  clinician('break-glass for another organisation', 'DOCTOR', 'breakGlass', 'ward', TREATED),
  clinician('break-glass of yesterday', 'DOCTOR', 'brokenGlass', 'elsewhere'),
  clinician('break-glass with an appointment', 'DOCTOR', 'bookedBreakGlass', 'home', { hider: ['TREATING_DOCTOR', 'BREAK_GLASS'] }),
  clinician('doctor with an appointment who died', 'DOCTOR', 'deceased', 'home'),
  clinician('grantee', 'DOCTOR', 'grantee', 'elsewhere', { alia: ['GRANTEE'], hider: ['GRANTEE'], child: ['GRANTEE'] }),
  clinician('grantee of guardians whose time is over', 'DOCTOR', 'guardiansGrantee', 'elsewhere'),
  clinician('grantee, revoked', 'DOCTOR', 'revokedGrantee', 'elsewhere'),
  clinician('grantee, expired', 'DOCTOR', 'formerGrantee', 'elsewhere'),
  clinician('dismissed doctor', 'DOCTOR', 'dismissed', 'home'),
  clinician('inactive doctor', 'DOCTOR', 'inactive', 'home'),
  clinician('doctor of a closed clinic', 'DOCTOR', 'closedDoctor', 'closed'),
  clinician('pharmacist', 'PHARMACIST', 'districtDoctor', 'home'),
  clinician('a doctor as a laboratory', 'LABORATORY', 'districtDoctor', 'laboratory'),
  clinician('laboratory with an order', 'LABORATORY', 'labWorker', 'laboratory', { alia: ['LABORATORY'], hider: ['LABORATORY'] }),
  clinician('laboratory as a doctor', 'DOCTOR', 'labWorker', 'laboratory'),
  clinician('laboratory worker at another one', 'LABORATORY', 'labWorker', 'formerLaboratory'),
  clinician('manager of the laboratory', 'LABORATORY', 'labManager', 'laboratory'),
  clinician('laboratory whose result is old', 'LABORATORY', 'formerLabWorker', 'formerLaboratory'),
  clinician('laboratory whose order was cancelled', 'LABORATORY', 'otherLabWorker', 'otherLaboratory'),
  clinician('contact centre', 'CONTACT_CENTRE', 'districtDoctor', 'home'),
  { ...clinician('payer', 'PAYER', 'otherNurse', null, everybody('PAYER')), claims: { role: 'PAYER', sub: practitioners.otherNurse.iin, org: fund } },
  clinician('payer of an organisation that does not pay', 'PAYER', 'otherNurse', 'home'),
  clinician('payer of no organisation', 'PAYER', 'otherNurse', null),
  clinician('manager', 'MANAGER', 'districtDoctor', 'home'),
];

// ---- what is hidden ----

const all = (table) => Object.keys(ENTRIES).map((k) => `${table}:${k}`);

/**
 * What `hider` hides from a viewer, as 'table:letter'. An entry takes along what shows it: for the diagnosis its registration, its
 * referral and the stay that followed, visits with their appointments, and plans; for a stay its referral; for a prescription what was given out on it; for a version the other versions.
 */
export function hiddenFrom(viewer, personName) {
  const capacities = viewer.sees[personName] ?? [];
  // A laboratory sees its own: neither the four of a kind nor other laboratories', which the letters e to g are.
  const others = capacities.includes('LABORATORY') ? [...all('lab_result'), 'lab_result:e', ...(personName === 'alia' ? ['lab_result:f', 'lab_result:g'] : [])] : [];
  // Who answers a dispute sees that one, which is the last.
  if (capacities.includes('DISPUTE_ANSWERER')) others.push('dispute:a', 'dispute:b', 'dispute:c');
  if (personName !== 'hider') return new Set(others);
  if (viewer.role === 'CITIZEN') return new Set();
  const diary = viewer.role === 'DOCTOR' ? ['diary_entry:d'] : [];
  if (capacities.includes('BREAK_GLASS')) return new Set(diary); // which it never opens
  return new Set([
    ...others, ...diary,
    ...all('allergy').filter((entry) => !(entry === 'allergy:d' && viewer.practitioner === 'districtDoctor')), // he wrote it
    ...(viewer.role === 'DOCTOR' ? ['condition', 'dispensary_registration', 'hospital_referral', 'hospitalization', 'appointment', ...AREAS.flatMap(({ WITH_CONDITION = [] }) => WITH_CONDITION)].map((table) => `${table}:c`) : []),
    ...(viewer.practitioner === 'booked' ? ['prescription:d', 'dispense:d', 'medication_statement:d'] : []),
    ...(viewer.role === 'NURSE' ? ['immunization:a', 'immunization:b'] : []),
    ...(viewer.clinic === 'home' ? ['hospitalization:d', 'hospital_referral:d'] : []),
    ...(viewer.role === 'PAYER' ? ['hospital_referral:d', 'hospitalization:d'] : []),
  ]);
}

export const world = { people, viewers, clinics, practitioners, absentIin };
