/** Lets a cell hear the kernel where the page was slow. */
import type { AnyModel } from '@anywidget/types';

interface Message {
  content: unknown;
}

interface Comm {
  on_msg(handler: (message: Message) => Promise<void>): void;
  send(data: { method: 'request_state' }): void;
}

/** What Jupyter's widget manager knows of a widget; `comm` is missing without a kernel. */
interface Model {
  comm?: Comm;
}

/**
 * Takes messages as a plain widget does, and asks for the state once more.
 *
 * anywidget holds messages back until a module has started. If that takes more than two seconds, on a busy
 * machine or a slow line, it throws this one and all that follow away: `ready` in its runtime.ts.
 */
export async function hearAgain(host: AnyModel): Promise<void> {
  const found: unknown = await host.widget_manager.get_model(host.get('own_id'));
  const model = found as Model;
  if (!model.comm) return;
  const plain = Object.getPrototypeOf(Object.getPrototypeOf(model)); // what anywidget's class is made from
  model.comm.on_msg(message => plain._handle_comm_msg.call(model, message));
  model.comm.send({ method: 'request_state' });
}
