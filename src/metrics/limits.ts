/** Bounds of custom figures: whatever a module does, the run and its report stay as they are. */
export const METRICS_LIMITS = {
  /** Loading the module. */
  loadMs: 10_000,
  /** Computing all figures of all trials, once it is loaded. */
  computeMs: 20_000,
  /** CPU seconds after which the system itself ends a loop that nobody is left to end. */
  cpuS: 60,
  /** Resident memory of the process that computes. */
  memoryBytes: 1024 * 1024 * 1024,
  figures: 50,
  nameCharacters: 100,
  unitCharacters: 20,
  noteCharacters: 500,
  /** Of the sentence about an error. */
  errorCharacters: 300,
  /** Different errors told of one figure of one side. */
  errors: 3,
} as const
