/** A published wheel that contains libtensorflow. */
export interface Wheel {
  /** TensorFlow's version, as in `2.21.0`. */
  readonly version: string;
  /** As Node's `process.arch` calls it. */
  readonly arch: 'x64' | 'arm64';
  /** CPython's tag, as in `cp312`; the libraries inside do not depend on it, the Python package does. */
  readonly python: string;
  /** The project that pip knows it by. */
  readonly project: string;
  readonly fileName: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** The version that commands use unless told otherwise. */
export const DEFAULT_TENSORFLOW_VERSION = '2.21.0';

/** The oldest version that is supported and tested. */
export const OLDEST_TENSORFLOW_VERSION = '2.12.0';

/** Of wheels that would all do, the one for this Python comes first. */
const PREFERRED_PYTHONS = ['cp312', 'cp311'];

type Row = readonly [python: string, bytes: number, sha256: string];

function rows(
  base: Omit<Wheel, 'python' | 'fileName' | 'bytes' | 'sha256'>,
  platform: string,
  table: readonly Row[],
): Wheel[] {
  const name = base.project.replaceAll('-', '_');
  return table.map(([python, bytes, sha256]) => ({
    ...base,
    python,
    fileName: `${name}-${base.version}-${python}-${python}-${platform}.whl`,
    bytes,
    sha256,
  }));
}

/**
 * Every wheel that set-up may fetch, with the size and SHA-256 that pip's index publishes for it.
 * `tensorflow-cpu` has no wheels for arm64; there the project `tensorflow` is the CPU build, which 2.12 lacks.
 */
export const WHEELS: readonly Wheel[] = [
  ...rows({ version: '2.21.0', arch: 'x64', project: 'tensorflow-cpu' }, 'manylinux_2_27_x86_64', [
    ['cp310', 273601549, 'd143e92f5c0661cdfa26eaca8f73cd2efd0ec53a68af8dec82f584ba8eb14b83'],
    ['cp311', 273829956, '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c'],
    ['cp312', 274000871, 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb'],
    ['cp313', 274271560, '05af7c26d35f4de910b5598c7b507e3981831a7b0f47fed9a405d995d51d7793'],
  ]),
  ...rows({ version: '2.21.0', arch: 'arm64', project: 'tensorflow' }, 'manylinux_2_27_aarch64', [
    ['cp310', 281604511, '7c97938b25cf70c80ae8619931f85abcdee2ab2eb256c2051202edb3b89e9a5d'],
    ['cp311', 281828020, '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c'],
    ['cp312', 281946471, 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552'],
    ['cp313', 282213003, 'a10abdfb8b1189210c251021a3f153b7ccc52a8e6521351f3dc3331e8ba593e0'],
  ]),
  ...rows(
    { version: '2.12.0', arch: 'x64', project: 'tensorflow-cpu' },
    'manylinux_2_17_x86_64.manylinux2014_x86_64',
    [
      ['cp38', 231748263, 'a406f751180fe5282776e8bc84f39a2dc2b796c3ae35fbe20e4edc86ec580dd3'],
      ['cp39', 231782912, '55685b9a19c8ecb2587fb53914c045b188ed0289a2c6495e4e59d5fb082da9cc'],
      ['cp310', 231776722, '361b19b5a64bf611beccd22de1fc04f614a8c157ac99893d9702ed24932018d6'],
      ['cp311', 231819176, 'e8c7047552a2d759f3e65ac13e36dd24bb5fec2e6576e848287811ec44b3d62f'],
    ],
  ),
];

/** The versions of which there is a wheel for `arch`, newest first. */
export function wheelVersions(arch: string, wheels: readonly Wheel[] = WHEELS): string[] {
  return [...new Set(wheels.filter((wheel) => wheel.arch === arch).map((wheel) => wheel.version))];
}

/**
 * The wheel of a version to fetch on this machine, or undefined where none is published.
 * @param python the user's own Python, as in `cp311`: its wheel is preferred, since it can be installed there too
 */
export function wheelFor(
  version: string,
  arch: string,
  python?: string,
  wheels: readonly Wheel[] = WHEELS,
): Wheel | undefined {
  const fitting = wheels.filter((wheel) => wheel.version === version && wheel.arch === arch);
  const wanted = [...(python === undefined ? [] : [python]), ...PREFERRED_PYTHONS];
  for (const tag of wanted) {
    const wheel = fitting.find((candidate) => candidate.python === tag);
    if (wheel) return wheel;
  }
  return fitting[0];
}
