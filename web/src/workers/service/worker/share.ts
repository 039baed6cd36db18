/** Keeps photos that another app shared until the page, which this opens, fetches them. */
import { keepShared } from "../shared/shared";

/** Photos come under this name, as the web manifest says. */
const field = "photos";

/**
 * @param scope The page's address.
 *
 * @returns The way to the page, which finds the photos under the number in its address.
 */
export async function receiveShare(request: Request, scope: string): Promise<Response> {
  const form = await request.formData().catch(() => new FormData());
  const files = form.getAll(field).filter((value): value is File => value instanceof File && value.size > 0);
  const id = await keepShared(files).catch(() => "none");
  const page = new URL(scope);
  page.searchParams.set("shared", id);
  return Response.redirect(page, 303);
}
