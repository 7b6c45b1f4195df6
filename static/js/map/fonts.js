// Fonts of the map: those of this machine, Chinese first. The map reads the weight out of the first name.

const FAMILIES = [
  "Noto Sans SC",
  "Noto Sans CJK SC",
  "Source Han Sans SC",
  "PingFang SC",
  "HarmonyOS Sans SC",
  "Microsoft YaHei",
  "WenQuanYi Micro Hei",
  "Segoe UI",
  "sans-serif",
];

export const fonts = { regular: FAMILIES, bold: [`${FAMILIES[0]} Bold`, ...FAMILIES] };
