/** What people say of a run, to be changed here: its notes and its tags. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Fact } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { Button, ControlButton, ControlProblem } from '../ui/controls/ControlButton';
import { useControl } from '../ui/controls/useControl';

interface NotesProps {
  source: Answerer;
  run_id: string;
  notes: string;
  /** Whether these are all notes; a part of them cannot be changed. */
  isWhole: boolean;
}

export function Notes({ source, run_id, notes, isWhole }: NotesProps) {
  const [text, setText] = useState<string | null>(null); // null while nobody edits
  const saving = useControl(source, 'run.set_note', () => setText(null));
  const area = useRef<HTMLTextAreaElement>(null);
  const editing = text !== null;
  useEffect(() => area.current?.focus(), [editing]);
  if (text === null) {
    return (
      <div class="hl-remark">
        <p class={notes ? 'hl-notes' : 'hl-empty'}>{notes || 'None yet.'}</p>
        {isWhole && <Button onClick={() => setText(notes)}>Edit notes</Button>}
      </div>
    );
  }
  return (
    <div class="hl-remark">
      <textarea
        aria-label="Notes"
        rows={5}
        value={text}
        ref={area}
        onInput={event => setText(event.currentTarget.value)}
        onKeyDown={event => {
          event.stopPropagation();
          if (event.key === 'Escape') setText(null);
        }}
      />
      <span class="hl-controls">
        <Button tone="chief" busy={saving.busy} onClick={() => void saving.run({ run_id, text })}>
          Save
        </Button>
        <Button onClick={() => setText(null)}>Leave as it was</Button>
        {saving.error && <ControlProblem onForget={saving.forget}>{saving.error}</ControlProblem>}
      </span>
    </div>
  );
}

interface TagsProps {
  source: Answerer;
  run_id: string;
  tags: Fact[];
}

export function Tags({ source, run_id, tags }: TagsProps) {
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const setting = useControl(source, 'run.set_tag', () => {
    setName('');
    setValue('');
  });
  const set = () => void (name && setting.run({ run_id, tag_name: name, tag_value: value }));
  const field = (label: string, text: string, onText: (text: string) => void) => (
    <input
      class="hl-search"
      aria-label={label}
      placeholder={label}
      value={text}
      onInput={event => onText(event.currentTarget.value)}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === 'Enter') set();
      }}
    />
  );
  return (
    <div class="hl-remark">
      {tags.length > 0 && (
        <table class="hl-facts">
          <tbody>
            {tags.map(tag => (
              <tr key={tag.name}>
                <th scope="row">{tag.name}</th>
                <td>{tag.value}</td>
                <td class="hl-controls">
                  <ControlButton
                    source={source}
                    name="run.delete_tag"
                    args={{ run_id, tag_name: tag.name }}
                    tone="grave"
                    title={`Delete tag ${tag.name}`}
                    confirm={{ question: `Delete tag ${tag.name}?`, yes: 'Delete' }}
                  >
                    Delete
                  </ControlButton>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <span class="hl-controls">
        {field('Tag', name, setName)}
        {field('Value', value, setValue)}
        <Button disabled={!name} busy={setting.busy} onClick={set}>
          Set tag
        </Button>
        {setting.error && <ControlProblem onForget={setting.forget}>{setting.error}</ControlProblem>}
      </span>
    </div>
  );
}
