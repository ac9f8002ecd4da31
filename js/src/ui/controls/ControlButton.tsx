/** A button that runs a control: shows that it is under way, and what went wrong as text. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answerer } from '../../rpc/source';
import { Confirm } from './Confirm';
import { useControl } from './useControl';
import './controls.css';

export type Tone = 'plain' | 'chief' | 'grave';

interface ButtonProps {
  children: ComponentChildren;
  busy?: boolean;
  disabled?: boolean;
  tone?: Tone;
  title?: string;
  onClick(): void;
  /** Takes the focus when it appears. */
  focus?: boolean;
  /** Of a button that opens and closes something: whether it is open. */
  expanded?: boolean;
}

/** A button of a bar of controls. While busy it keeps the focus and does nothing. */
export function Button(props: ButtonProps) {
  const { children, busy = false, disabled = false, tone = 'plain', title, onClick, focus, expanded } = props;
  const element = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focus) element.current?.focus();
  }, [focus]);
  return (
    <button
      type="button"
      ref={element}
      class={`hl-button hl-${tone}`}
      title={title}
      disabled={disabled}
      aria-busy={busy}
      aria-expanded={expanded}
      onClick={() => busy || onClick()}
    >
      {busy && <i class="hl-spin" aria-hidden="true" />}
      {children}
    </button>
  );
}

interface Props {
  source: Answerer;
  /** The name of the control, such as `task.pause`. */
  name: string;
  args?: Record<string, string>;
  children: ComponentChildren;
  /** Asked first, if given; `yes` is what the button says that does it. */
  confirm?: { question: string; yes: string };
  disabled?: boolean;
  tone?: Tone;
  title?: string;
  onDone?(answer: unknown): void;
}

export function ControlButton({ source, name, args = {}, children, confirm, onDone, ...look }: Props) {
  const { busy, slow, error, run, forget } = useControl(source, name, onDone);
  const [asking, setAsking] = useState(false);
  const [asked, setAsked] = useState(false); // the focus comes back from the question
  const answer = (yes: boolean) => {
    setAsking(false);
    setAsked(true);
    if (yes) void run(args);
  };

  return (
    <span class="hl-control">
      {confirm && asking ? (
        <Confirm {...confirm} onYes={() => answer(true)} onNo={() => answer(false)} />
      ) : (
        <Button {...look} busy={busy} focus={asked} onClick={() => (confirm ? setAsking(true) : void run(args))}>
          {children}
        </Button>
      )}
      {slow && <small role="status">Asked; it is done as soon as the kernel or server is free.</small>}
      {error && <ControlProblem onForget={forget}>{error}</ControlProblem>}
    </span>
  );
}

/** Why a control failed; in a bar it has a line of its own. */
export function ControlProblem({ children, onForget }: { children: string; onForget(): void }) {
  return (
    <span class="hl-control-problem" role="alert">
      <span>{children}</span>
      <button type="button" class="hl-link" aria-label="Dismiss" onClick={onForget}>
        ✕
      </button>
    </span>
  );
}
