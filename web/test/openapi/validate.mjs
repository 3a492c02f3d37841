// Whether the document on stdin is a right OpenAPI description. Says what is wrong, and exits with 1.
import {readFileSync} from 'node:fs';
import {Validator} from '@seriousme/openapi-schema-validator';

const validator = new Validator();
const {valid, errors} = await validator.validate(JSON.parse(readFileSync(0, 'utf8')));
if (valid) {
  console.log(`OpenAPI ${validator.version}`);
} else {
  console.log(JSON.stringify(errors, null, 1));
  process.exitCode = 1;
}
