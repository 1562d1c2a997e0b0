// What an International Patient Summary has to be, by two validators that others wrote (over the definitions of FHIR R4), by invariants of FHIR
// and of the IPS as FHIRPath, and by rules that no validator looks at, since the slices of the IPS are open.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';

const require = createRequire(import.meta.url);
const { Fhir } = require('fhir');
const zod = require('@solarahealth/fhir-r4');
const fhir = new Fhir();
const XHTML = 'http://www.w3.org/1999/xhtml';

export const LOINC = { problems: '11450-4', allergies: '48765-2', medications: '10160-0', immunizations: '11369-6', results: '30954-2', past: '11348-0',
  plan: '18776-5', stays: '46240-8', procedures: '47519-4', devices: '46264-8', pregnancy: '10162-6', social: '29762-2', vitals: '8716-3', alerts: '104605-1' };
const REQUIRED = ['problems', 'allergies', 'medications'];
const MAY_HOLD = { problems: ['Condition'], allergies: ['AllergyIntolerance'], medications: ['MedicationStatement', 'MedicationRequest'], immunizations: ['Immunization'],
  results: ['Observation', 'DiagnosticReport'], past: ['Condition'], plan: ['CarePlan', 'ImmunizationRecommendation'], stays: ['Encounter'], procedures: ['Procedure'],
  devices: ['DeviceUseStatement'], pregnancy: ['Observation'], social: ['Observation'], vitals: ['Observation'], alerts: ['Flag'] };

// [what, FHIRPath over the Bundle that has to be true]
const INVARIANTS = [
  ['bdl-9: a document has an identifier', 'identifier.system.exists() and identifier.value.exists()'],
  ['bdl-10: and a date', 'timestamp.hasValue()'],
  ['bdl-11: its first resource is a Composition', 'entry.first().resource.is(Composition)'],
  ['bdl-7: fullUrl is unique', 'entry.fullUrl.isDistinct()'],
  ['every entry has a fullUrl', 'entry.all(fullUrl.exists())'],
  ['no entry is of a search or a transaction', 'entry.all(search.empty() and request.empty() and response.empty())'],
  ['bdl-ips-1: exactly one Composition', 'entry.resource.ofType(Composition).count() = 1'],
  ['exactly one Patient', 'entry.resource.ofType(Patient).count() = 1'],
  ['cmp-1: a section has text, entries or sections', 'entry.resource.ofType(Composition).section.all(text.exists() or entry.exists() or section.exists())'],
  ['cmp-2: a section has an emptyReason only when it is empty', 'entry.resource.ofType(Composition).section.all(emptyReason.empty() or entry.empty())'],
  ['ips-comp-1: a section has entries or a reason', 'entry.resource.ofType(Composition).section.all((entry.reference.exists() or emptyReason.exists()) and section.empty())'],
  ['a section has a title, a code and a narrative', 'entry.resource.ofType(Composition).section.all(title.exists() and code.coding.exists() and text.`div`.exists())'],
  ['the type is a patient summary', "entry.resource.ofType(Composition).type.coding.where(system = 'http://loinc.org' and code = '60591-5').exists()"],
  ['it has an author, a date, a subject', 'entry.resource.ofType(Composition).all(author.exists() and date.exists() and subject.reference.exists() and title.exists())'],
  ['ips-pat-1: the name is text, family or given', 'entry.resource.ofType(Patient).all(name.exists() and name.all(family.exists() or given.exists() or text.exists()))'],
  ['a Patient has a birthDate', 'entry.resource.ofType(Patient).all(birthDate.exists())'],
  ['con-3: a problem has a clinical status', "entry.resource.ofType(Condition).all(clinicalStatus.exists() or verificationStatus.coding.where(code = 'entered-in-error').exists())"],
  ['con-4: what has ended is not active', "entry.resource.ofType(Condition).all(abatement.empty() or clinicalStatus.coding.where(code = 'resolved' or code = 'remission' or code = 'inactive').exists())"],
  ['a Condition has a code and a subject', 'entry.resource.ofType(Condition).all(code.exists() and subject.reference.exists())'],
  ['ait-1: an allergy has a clinical status', 'entry.resource.ofType(AllergyIntolerance).all(clinicalStatus.exists() and code.exists() and patient.reference.exists())'],
  ['an Immunization has a vaccine and a date', 'entry.resource.ofType(Immunization).all(vaccineCode.exists() and occurrence.exists() and patient.reference.exists())'],
  ['a MedicationStatement has a time', 'entry.resource.ofType(MedicationStatement).all(effective.exists() or effective.extension.exists())'],
  ['ips-2: an Observation has a value, a reason why not, or members', 'entry.resource.ofType(Observation).all(value.exists() or dataAbsentReason.exists() or hasMember.exists() or component.exists())'],
  ['a result says who performed it and when', "entry.resource.ofType(Observation).where(category.coding.where(code = 'laboratory').exists()).all(performer.exists() and effective.exists())"],
  ['an alert is active, has words, a category and a priority', "entry.resource.ofType(Flag).all(status = 'active' and code.text.exists() and category.exists() and extension.where(url = 'http://hl7.org/fhir/StructureDefinition/flag-priority').exists())"],
  ['dev: a Device has a name', 'entry.resource.ofType(Device).all(deviceName.exists())'],
].map(([what, expression]) => [what, fhirpath.compile(expression, r4)]);

export const resources = (bundle, type) => bundle.entry.map(({ resource }) => resource).filter(({ resourceType }) => resourceType === type);
export const section = (bundle, name) => bundle.entry[0].resource.section.find(({ code }) => code.coding[0].code === LOINC[name]);
/** The words of a section's narrative. */
export const narrative = ({ text }) => text.div.replace(/<[^>]*>/g, ' ').trim();

function* references(value) {
  if (Array.isArray(value)) for (const one of value) yield* references(one);
  else if (value && typeof value === 'object') {
    if (typeof value.reference === 'string') yield value.reference;
    for (const one of Object.values(value)) yield* references(one);
  }
}

/** Well-formed XHTML of the few tags that narratives of ours have. */
function assertXhtml(div, lang, what) {
  assert.ok(div.startsWith(`<div xmlns="${XHTML}" lang="${lang}" xml:lang="${lang}">`), `${what}: ${div.slice(0, 200)}`);
  const open = [];
  for (const [, close, tag] of div.replace(/^<div [^>]*>/, '<div>').matchAll(/<(\/?)([^>]*)>/g)) {
    assert.match(tag, /^(div|p|table|thead|tbody|tr|th|td)$/, what);
    if (!close) open.push(tag);
    else assert.equal(open.pop(), tag, `${what}: ${div}`);
  }
  assert.deepEqual(open, [], what);
  assert.doesNotMatch(div.replace(/<[^>]*>/g, ''), /[<>]|&(?!(amp|lt|gt|quot);)/, what);
  assert.match(div.replace(/<[^>]*>/g, ''), /\S/, `${what}: an empty narrative`);
}

const schemas = new Map();
function assertByZod(resource, what) {
  if (!schemas.has(resource.resourceType)) schemas.set(resource.resourceType, zod[`create${resource.resourceType}Schema`]());
  const { success, error } = schemas.get(resource.resourceType).safeParse(resource);
  assert.ok(success, `${what}: ${JSON.stringify(error?.issues?.slice(0, 5))}`);
}

function assertSections(bundle, what) {
  const byUrl = new Map(bundle.entry.map(({ fullUrl, resource }) => [fullUrl, resource]));
  const [{ resource: composition }] = bundle.entry;
  const codes = composition.section.map(({ code }) => code.coding[0].code);
  assert.equal(new Set(codes).size, codes.length, `${what}: a section twice`);
  for (const name of REQUIRED) assert.ok(codes.includes(LOINC[name]), `${what}: no ${name}`);
  const placed = new Set();
  for (const one of composition.section) {
    const name = Object.keys(LOINC).find((key) => LOINC[key] === one.code.coding[0].code);
    assert.ok(name, `${what}: section ${one.title} is of no kind`);
    assertXhtml(one.text.div, bundle.language, `${what}, ${name}`);
    assert.equal((one.text.div.match(/<tr>/g) ?? []).length, one.entry ? one.entry.length + 1 : 0, `${what}, ${name}: a line for each entry`);
    for (const { reference } of one.entry ?? []) {
      assert.ok(MAY_HOLD[name].includes(byUrl.get(reference)?.resourceType), `${what}: ${byUrl.get(reference)?.resourceType} in ${name}`);
      assert.ok(!placed.has(reference), `${what}: ${reference} stands twice`);
      placed.add(reference);
    }
  }
  const subject = composition.subject.reference;
  for (const { fullUrl, resource } of bundle.entry) {
    assert.equal(fullUrl, `urn:uuid:${resource.id}`, what);
    assert.match(resource.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const reference of references(resource)) assert.ok(byUrl.has(reference), `${what}: ${reference} leads nowhere`);
    if (['Composition', 'Patient', 'Practitioner', 'Organization', 'Device'].includes(resource.resourceType)) continue;
    assert.equal((resource.subject ?? resource.patient).reference, subject, what);
    assert.ok(placed.has(fullUrl), `${what}: ${resource.resourceType} stands in no section`);
  }
}

export function assertSummary(bundle, what) {
  assert.deepEqual([bundle.resourceType, bundle.type], ['Bundle', 'document'], what);
  const { valid, messages } = fhir.validate(bundle, { errorOnUnexpected: true });
  assert.ok(valid, `${what}: ${JSON.stringify(messages.filter(({ severity }) => severity !== 'info').slice(0, 5))}`);
  assertByZod(bundle, what);
  for (const { resource } of bundle.entry) assertByZod(resource, what);
  for (const [name, holds] of INVARIANTS) assert.deepEqual(holds(bundle), [true], `${what}: ${name}`);
  assertSections(bundle, what);
}
