/*
 * Mounts GraphiQL over the server that the page came from, with a first query to press play on.
 * Everything comes from this server: no byte of another host, and no inline script (so that a
 * strict Content-Security-Policy can hold).
 *
 * An IIN for the first query, and a token to ask with, may come in the address' fragment
 * (/graphiql#iin=...&token=...), which a browser does not send. What is typed stays in the tab: GraphiQL would keep queries, variables and headers
 * in local storage, and they are a person's.
 */
'use strict';

const FIRST_QUERY = `# A passport: patient, prescriptions, and for each the drug, who wrote it and where it was dispensed.
query Passport($iin: ID!) {
  patient(iin: $iin) {
    fullName
    birthDate
    sex
    bloodGroup
    clinic { name region { name } }
    prescriptions(first: 5) {
      nodes {
        number
        issuedOn
        status
        dose
        drug { inn name atc priceCap }
        prescriber { fullName specialty }
        pharmacy { name address region { name } }
        diagnosis { icd10 name }
      }
      pageInfo { hasNextPage endCursor }
    }
    diagnoses(first: 5) { nodes { icd10 name onset } }
    allergies(first: 5) { nodes { substance criticality } }
    vaccinations(first: 5) { nodes { vaccine doseNumber givenOn clinic { name } } }
  }
}
`;

const given = new URLSearchParams(location.hash.slice(1));
const iin = given.get('iin') || '';
const token = given.get('token');

const element = document.getElementById('graphiql');
element.replaceChildren();
ReactDOM.createRoot(element).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: '/graphql' }),
    defaultQuery: FIRST_QUERY,
    variables: JSON.stringify({ iin }, null, 2),
    headers: token ? JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2) : undefined,
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
    storage: sessionStorage,
  }),
);
