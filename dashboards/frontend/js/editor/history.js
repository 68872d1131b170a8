// Undo and redo over whole states; a state is never changed, only replaced.

export class History {
  constructor(state) {
    this.past = [];
    this.present = state;
    this.future = [];
    this.saved = JSON.stringify(state);
  }

  get first() {
    return this.past[0] ?? this.present;
  }

  get isDirty() {
    return JSON.stringify(this.present) !== this.saved;
  }

  /** Whether this differs from the present at all. */
  push(state) {
    if (JSON.stringify(state) === JSON.stringify(this.present)) return false;
    this.past.push(this.present);
    this.present = state;
    this.future = [];
    return true;
  }

  /** The present as it could be shown; what was there before stays. */
  amend(state) {
    this.present = state;
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.present);
    this.present = this.past.pop();
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.present);
    this.present = this.future.pop();
    return true;
  }
}
