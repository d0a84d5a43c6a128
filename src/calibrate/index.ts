export { CALIBRATION_RATE_HZ, type CalibrateOptions, calibrate, calibrateQuickly } from './calibrate.ts'
export { type Calibration, floorOf, staleReason, thisMachine, unusableReason } from './calibration.ts'
export { calibrationLines } from './print.ts'
export { calibrationFile, findCalibration, storeCalibration } from './store.ts'
