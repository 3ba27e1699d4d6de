/** What a message cost, in words. Amounts of money are never in what Meta sends. */
import { t } from "$lib/i18n";
import type { Price } from "$lib/protocol/Price";
import type { PriceCategory } from "$lib/protocol/PriceCategory";

function categoryWords(category: PriceCategory): string {
  return typeof category === "object" ? category.other : t(`thread.price.category.${category}`);
}

export function priceWords(price: Price): string {
  const category = categoryWords(price.category);
  if (typeof price.class === "object") {
    return t("thread.price.other", { class: price.class.other, category });
  }
  switch (price.class) {
    case "regular":
      return t("thread.price.billed", { category });
    case "free_customer_service":
      return t("thread.price.free_service");
    case "free_entry_point":
      return t("thread.price.free_ad");
  }
}
