/**
 * The measurement vocabulary: each quantity with its meaning, base unit and the units that it may have.
 *
 * Plain data, so that the registry, the pages and the docs say the same.
 * A value in a unit is brought to the base by `value * factor + offset`.
 * Source: IEC 80000-6 (electrical quantities), SI brochure 9, NIST SP 811 (units beside the SI); design.md section 5.
 */

export interface UnitScale {
  /** Multiply by this to come to the base unit. */
  factor: number;
  /** Then add this; only temperatures need it. */
  offset?: number;
}

export interface Quantity {
  meaning: string;
  base: string;
  units: Record<string, UnitScale>;
}

const one: UnitScale = { factor: 1 };
const RATIO = { "1": { factor: 100 }, "%": one };
const CONCENTRATION = { "ug/m3": one, "mg/m3": { factor: 1000 } };
const FRACTION = { ppm: one, ppb: { factor: 0.001 } };

/** The closed list. A registry's `quantity` is one of these keys. */
export const QUANTITIES = {
  voltage: {
    meaning: "line-to-neutral voltage, RMS; of a battery or DC side, the DC voltage",
    base: "V",
    units: { mV: { factor: 0.001 }, V: one, kV: { factor: 1000 } },
  },
  line_to_line_voltage: {
    meaning: "voltage between two lines, RMS; sqrt 3 times line-to-neutral in a balanced system",
    base: "V",
    units: { mV: { factor: 0.001 }, V: one, kV: { factor: 1000 } },
  },
  current: {
    meaning: "line current, RMS; positive whatever the direction of power",
    base: "A",
    units: { mA: { factor: 0.001 }, A: one, kA: { factor: 1000 } },
  },
  residual_current: {
    meaning: "sum of the line and neutral currents, which is what leaks to earth",
    base: "A",
    units: { mA: { factor: 0.001 }, A: one },
  },
  active_power: {
    meaning: "active power P; negative is export",
    base: "W",
    units: { mW: { factor: 0.001 }, W: one, kW: { factor: 1000 }, MW: { factor: 1_000_000 } },
  },
  reactive_power: {
    meaning: "reactive power Q; positive is inductive",
    base: "var",
    units: { var: one, kvar: { factor: 1000 } },
  },
  apparent_power: {
    meaning: "apparent power S, the sum of V x I over the phases",
    base: "VA",
    units: { VA: one, kVA: { factor: 1000 } },
  },
  power_factor: {
    meaning: "P / S, from -1 to 1; low under a light load",
    base: "1",
    units: { "1": one, "%": { factor: 0.01 } },
  },
  frequency: {
    meaning: "frequency of the mains",
    base: "Hz",
    units: { mHz: { factor: 0.001 }, Hz: one, kHz: { factor: 1000 } },
  },
  phase_angle: {
    meaning: "angle between voltage and current, or between two voltages",
    base: "deg",
    units: { deg: one, rad: { factor: 57.29577951308232 } },
  },
  plane_angle: {
    meaning:
      "direction, inclination or rotation; a wind direction is where the wind comes from, clockwise from north",
    base: "deg",
    units: { deg: one, rad: { factor: 57.29577951308232 } },
  },
  harmonic_distortion: {
    meaning: "total harmonic distortion (THD) of the voltage or the current that the description names",
    base: "%",
    units: RATIO,
  },
  active_energy: {
    meaning: "active energy, the integral of active power",
    base: "Wh",
    units: {
      Wh: one,
      kWh: { factor: 1000 },
      MWh: { factor: 1_000_000 },
      J: { factor: 1 / 3600 },
      MJ: { factor: 1_000_000 / 3600 },
    },
  },
  reactive_energy: {
    meaning: "reactive energy, the integral of reactive power",
    base: "varh",
    units: { varh: one, kvarh: { factor: 1000 } },
  },
  apparent_energy: {
    meaning: "apparent energy, the integral of apparent power",
    base: "VAh",
    units: { VAh: one, kVAh: { factor: 1000 } },
  },
  electric_charge: {
    meaning: "charge that flowed",
    base: "Ah",
    units: { mAh: { factor: 0.001 }, Ah: one },
  },
  load: { meaning: "share of the rated load", base: "%", units: RATIO },
  temperature: {
    meaning: "temperature of what the description names",
    base: "degC",
    units: { degC: one, K: { factor: 1, offset: -273.15 }, degF: { factor: 5 / 9, offset: -160 / 9 } },
  },
  relative_humidity: {
    meaning: "relative humidity of air",
    base: "%RH",
    units: { "%RH": one, "%": one, "1": { factor: 100 } },
  },
  pressure: {
    meaning: "pressure of air (absolute) or of a medium that the description names",
    base: "Pa",
    units: {
      Pa: one,
      hPa: { factor: 100 },
      kPa: { factor: 1000 },
      mbar: { factor: 100 },
      bar: { factor: 100_000 },
      mmHg: { factor: 133.322387415 },
      inHg: { factor: 3386.389 },
      psi: { factor: 6894.757293168 },
    },
  },
  carbon_dioxide: {
    meaning: "volume fraction of CO2 in air",
    base: "ppm",
    units: { ...FRACTION, "%": { factor: 10_000 } },
  },
  carbon_monoxide: { meaning: "volume fraction of CO in air", base: "ppm", units: FRACTION },
  volatile_organic_compounds: {
    meaning: "volume fraction of all volatile organic compounds in air (TVOC)",
    base: "ppm",
    units: FRACTION,
  },
  volatile_organic_mass: {
    meaning: "mass of all volatile organic compounds (TVOC) in a volume of air",
    base: "ug/m3",
    units: CONCENTRATION,
  },
  formaldehyde: {
    meaning: "mass of formaldehyde (HCHO) in a volume of air",
    base: "ug/m3",
    units: CONCENTRATION,
  },
  ozone: { meaning: "volume fraction of ozone in air", base: "ppm", units: FRACTION },
  particulate_matter: {
    meaning: "mass of particles in a volume of air, up to the size that the description names",
    base: "ug/m3",
    units: CONCENTRATION,
  },
  index: {
    meaning: "a number on a vendor's own scale, such as an air quality index or a light level",
    base: "1",
    units: { "1": one },
  },
  illuminance: {
    meaning: "light that falls on a surface",
    base: "lx",
    units: { lx: one, klx: { factor: 1000 } },
  },
  irradiance: { meaning: "radiant power on a surface", base: "W/m2", units: { "W/m2": one } },
  sound_level: { meaning: "A-weighted sound pressure level", base: "dB", units: { dB: one } },
  speed: {
    meaning: "speed, of wind or of a vibration too",
    base: "m/s",
    units: {
      "mm/s": { factor: 0.001 },
      "m/s": one,
      "km/h": { factor: 1 / 3.6 },
      mph: { factor: 0.44704 },
      kn: { factor: 1852 / 3600 },
    },
  },
  rotational_speed: {
    meaning: "revolutions in a time",
    base: "rpm",
    units: { rpm: one, "rad/s": { factor: 9.549296585513721 } },
  },
  acceleration: {
    meaning: "acceleration; 1 g is 9.80665 m/s2",
    base: "m/s2",
    units: { "m/s2": one, g: { factor: 9.80665 }, mg: { factor: 0.00980665 } },
  },
  distance: {
    meaning: "length, level, distance, or depth of rain",
    base: "m",
    units: {
      mm: { factor: 0.001 },
      cm: { factor: 0.01 },
      m: one,
      km: { factor: 1000 },
      in: { factor: 0.0254 },
      ft: { factor: 0.3048 },
    },
  },
  precipitation_rate: {
    meaning: "depth of rain or snow that falls in a time",
    base: "mm/h",
    units: { "mm/h": one, "in/h": { factor: 25.4 } },
  },
  mass: {
    meaning: "mass, as a scale shows it",
    base: "kg",
    units: { g: { factor: 0.001 }, kg: one, t: { factor: 1000 }, lb: { factor: 0.45359237 } },
  },
  water_content: {
    meaning: "share of water in the volume of soil or another material",
    base: "%",
    units: RATIO,
  },
  electrical_conductivity: {
    meaning: "conductivity of soil or water",
    base: "S/m",
    units: {
      "uS/cm": { factor: 0.0001 },
      "mS/cm": { factor: 0.1 },
      "dS/m": { factor: 0.1 },
      "S/m": one,
    },
  },
  volume: {
    meaning: "volume of water or gas that flowed; gal is the US gallon",
    base: "m3",
    units: {
      L: { factor: 0.001 },
      m3: one,
      gal: { factor: 0.003785411784 },
      ft3: { factor: 0.028316846592 },
    },
  },
  volume_flow: {
    meaning: "volume of water or gas that flows in a time",
    base: "m3/h",
    units: {
      "L/min": { factor: 0.06 },
      "L/h": { factor: 0.001 },
      "m3/h": one,
      "gal/min": { factor: 0.22712470704 },
    },
  },
  position: { meaning: "how far something is open or closed", base: "%", units: RATIO },
  state: {
    meaning: "a state out of valid_values, such as open 0 and closed 1",
    base: "1",
    units: { "1": one },
  },
  count: { meaning: "how often something happened, or how many there are", base: "1", units: { "1": one } },
  duration: {
    meaning: "a length of time, such as the hours in operation",
    base: "s",
    units: {
      ms: { factor: 0.001 },
      s: one,
      min: { factor: 60 },
      h: { factor: 3600 },
      d: { factor: 86_400 },
    },
  },
  battery_level: { meaning: "what is left in a battery", base: "%", units: RATIO },
  signal_strength: { meaning: "power of the radio signal received", base: "dBm", units: { dBm: one } },
  link_quality: {
    meaning: "quality of the radio link on the scale of its protocol; Zigbee: 0 to 255",
    base: "1",
    units: { "1": one },
  },
} as const satisfies Record<string, Quantity>;

export type QuantityName = keyof typeof QUANTITIES;
export const QUANTITY_NAMES = Object.keys(QUANTITIES) as QuantityName[];

/** Other spellings of a unit that mean the same; a message that names its unit so is right. */
export const UNIT_ALIASES: Record<string, string> = {
  "°C": "degC",
  C: "degC",
  celsius: "degC",
  "°F": "degF",
  F: "degF",
  fahrenheit: "degF",
  volt: "V",
  volts: "V",
  millivolt: "mV",
  ampere: "A",
  amp: "A",
  amps: "A",
  watt: "W",
  watts: "W",
  VAr: "var",
  VAR: "var",
  kVAr: "kvar",
  kVAR: "kvar",
  hertz: "Hz",
  percent: "%",
  "% RH": "%RH",
  "µg/m³": "ug/m3",
  "μg/m³": "ug/m3",
  "mg/m³": "mg/m3",
  "m³": "m3",
  l: "L",
  "m³/h": "m3/h",
  "°": "deg",
  degrees: "deg",
  degree: "deg",
  "m/s²": "m/s2",
  "W/m²": "W/m2",
  kph: "km/h",
  kmh: "km/h",
  "mi/h": "mph",
  knots: "kn",
  kt: "kn",
  "µS/cm": "uS/cm",
  "μS/cm": "uS/cm",
  '"': "in",
  inch: "in",
  feet: "ft",
  "ft³": "ft3",
  gpm: "gal/min",
  hours: "h",
  hour: "h",
  seconds: "s",
  second: "s",
  minutes: "min",
  dimensionless: "1",
  "": "1",
};

/** The unit under its one name: `°C` is `degC`. */
export function canonicalUnit(unit: string): string {
  return Object.hasOwn(UNIT_ALIASES, unit) ? (UNIT_ALIASES[unit] ?? unit) : unit;
}
