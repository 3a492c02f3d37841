import assert from 'node:assert/strict';
import test from 'node:test';
import {cell, csv} from '../src/csv.js';

test('quotes what RFC 4180 says must be quoted', () => {
  assert.equal(cell('a,b'), '"a,b"');
  assert.equal(cell('say "hi"'), '"say ""hi"""');
  assert.equal(cell('two\nlines'), '"two\nlines"');
  assert.equal(cell('plain'), 'plain');
});

test('tells NULL from an empty text', () => {
  assert.equal(cell(null), '');
  assert.equal(cell(''), '""');
});

test('no cell is taken for a formula, and numbers stay numbers', () => {
  assert.equal(cell('=1+1'), `"'=1+1"`);
  assert.equal(cell('@SUM(A1)'), `"'@SUM(A1)"`);
  assert.equal(cell('+cmd|x'), `"'+cmd|x"`);
  assert.equal(cell('-5'), '-5');
  assert.equal(cell('-1.25e-7'), '-1.25e-7');
  assert.equal(cell('-5-5'), `"'-5-5"`);
  assert.equal(cell('\t=1'), `"'\t=1"`);
});

test('lines end with CR LF, objects are JSON', () => {
  assert.equal(csv(['a', 'b'], [[1, {x: [1]}], [true, null]]), 'a,b\r\n1,"{""x"":[1]}"\r\ntrue,\r\n');
});
