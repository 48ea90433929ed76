import {
  CalendarRegular,
  CheckboxCheckedRegular,
  CircleRegular,
  ImageRegular,
  KeyRegular,
  LinkRegular,
  MoneyRegular,
  NumberSymbolRegular,
  OptionsRegular,
  TextAlignLeftRegular,
  TextFieldRegular,
} from "@fluentui/react-icons";
import type { ReactNode } from "react";
import type { ColumnType } from "@/api";

/** A small picture of a column's type. */
export const typeGlyphs: Record<ColumnType, ReactNode> = {
  string: <TextFieldRegular />,
  memo: <TextAlignLeftRegular />,
  integer: <NumberSymbolRegular />,
  bigint: <NumberSymbolRegular />,
  decimal: <NumberSymbolRegular />,
  double: <NumberSymbolRegular />,
  money: <MoneyRegular />,
  boolean: <CheckboxCheckedRegular />,
  picklist: <OptionsRegular />,
  multiselectpicklist: <OptionsRegular />,
  state: <OptionsRegular />,
  status: <OptionsRegular />,
  lookup: <LinkRegular />,
  customer: <LinkRegular />,
  owner: <LinkRegular />,
  partylist: <LinkRegular />,
  uniqueidentifier: <KeyRegular />,
  datetime: <CalendarRegular />,
  image: <ImageRegular />,
  file: <ImageRegular />,
  other: <CircleRegular />,
};
