// Run once by scripts/test: makes the template database that all test files clone.
import { prepareTemplate, sharedServices, PEOPLE } from './services.mjs';

const began = Date.now();
await prepareTemplate(await sharedServices());
console.log(`${PEOPLE} people in ${((Date.now() - began) / 1000).toFixed(1)} s`);
