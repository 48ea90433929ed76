export { Palette, type PaletteItem, type PaletteKind } from "./Palette";
