import {useEffect, useRef, useState} from 'preact/hooks';
import {Problem} from './basics.jsx';
import {toast} from './toasts.jsx';

let show = () => {};

/**
 * Asks before something is done. `operation`: {title, text, fields, confirm, danger, run(values) → answer,
 * done(data) → text}. A field: {name, label, type, value, options, required, hint, matches}.
 */
export const ask = (operation) => show(operation);

export function Dialogs() {
  const [operation, setOperation] = useState(null);
  show = setOperation;
  return operation ? <Operation key={operation.title} operation={operation} close={() => setOperation(null)} /> : null;
}

function Operation({operation, close}) {
  const dialog = useRef(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const initial = Object.fromEntries((operation.fields ?? []).map((f) => [f.name, f.value ?? '']));
  const [values, setValues] = useState(initial);
  useEffect(() => { dialog.current.showModal(); }, []);

  const end = () => { dialog.current.close(); close(); };
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const answer = await operation.run(values);
    setBusy(false);
    if (!answer.ok) return setProblem(answer.problem);
    end();
    const words = operation.done?.(answer.data);
    if (words) toast(words);
  };
  const ready = (operation.fields ?? []).every((f) => !f.matches || values[f.name] === f.matches);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onCancel={(e) => { e.preventDefault(); end(); }}
      class={operation.wide ? 'wide' : ''}>
      <form onSubmit={submit} autocomplete="off">
        <h2 id="dialog-title">{operation.title}</h2>
        {operation.text && <p class="soft">{operation.text}</p>}
        {operation.content}
        {operation.fields?.length > 0 && <div class="fields">
          {operation.fields.map((f) => (
            <Field key={f.name} field={f} value={values[f.name]} onChange={(value) => setValues({...values, [f.name]: value})} />
          ))}
        </div>}
        <Problem problem={problem} />
        <footer>
          <button type="button" onClick={end}>{operation.confirm ? 'Cancel' : 'Close'}</button>
          {operation.confirm && <button class={operation.danger ? 'danger' : 'primary'} disabled={busy || !ready}>{busy ? 'Working …' : operation.confirm}</button>}
        </footer>
      </form>
    </dialog>
  );
}

function Field({field, value, onChange}) {
  const id = `field-${field.name}`;
  const common = {id, required: field.required, 'aria-describedby': field.hint ? `${id}-hint` : undefined};
  if (field.type === 'choice') return <Options field={field} value={value} onChange={onChange} />;
  return (
    <div class={field.half ? 'field half' : 'field'}>
      <label for={id}>{field.label}{!field.required && !field.matches && field.type !== 'select' && <span class="soft"> optional</span>}</label>
      {field.type === 'select'
        ? <select {...common} value={value} onChange={(e) => onChange(e.currentTarget.value)}>{field.options.map(([name, text]) => <option key={name} value={name}>{text}</option>)}</select>
        : <input {...common} type={field.type ?? 'text'} value={value} min={field.min} placeholder={field.placeholder}
            autocomplete={field.type === 'password' ? 'new-password' : 'off'} spellcheck={false} onInput={(e) => onChange(e.currentTarget.value)} />}
      {field.hint && <p id={`${id}-hint`} class="hint">{field.hint}</p>}
    </div>
  );
}

function Options({field, value, onChange}) {
  return (
    <fieldset class="field">
      <legend>{field.label}</legend>
      {field.options.map(([name, text, hint]) => (
        <label key={name} class="option">
          <input type="radio" name={field.name} checked={value === name} onChange={() => onChange(name)} />
          <span><b>{text}</b>{hint && <small>{hint}</small>}</span>
        </label>
      ))}
    </fieldset>
  );
}
