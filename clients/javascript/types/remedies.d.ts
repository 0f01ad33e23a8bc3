/** @import { Problem } from "./problems.js" */
/** @import { Reading } from "./top.js" */
export { Diagnosis } from "./diagnosis.js";
