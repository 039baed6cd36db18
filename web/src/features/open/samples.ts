/** The photos that come with the page. Their sources: public/samples/README.md. */
import type { Text } from "../../i18n/translate";

export interface Sample {
  readonly name: string;
  readonly file: string;
  readonly alt: Text;
  readonly credit: string;
  readonly source: string;
}

/** 256 pixels square: what the first view shows. */
export const smallPicture = ({ name }: Sample): string => `samples/small/${name}.webp`;

export const samples: readonly Sample[] = [
  {
    name: "coffee",
    file: "samples/coffee.jpg",
    alt: "A cup of coffee with saucer and spoon",
    credit: "Rachel Michetti, Pikolo Espresso Bar – CC0",
    source: "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.coffee",
  },
  {
    name: "cat",
    file: "samples/cat.jpg",
    alt: "Chelsea the cat",
    credit: "Stéfan van der Walt – CC0",
    source: "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.chelsea",
  },
  {
    name: "astronaut",
    file: "samples/astronaut.jpg",
    alt: "An astronaut with helmet, a shuttle behind her",
    credit: "NASA – public domain",
    source: "https://flic.kr/p/r9qvLn",
  },
  {
    name: "rocket",
    file: "samples/rocket.jpg",
    alt: "A rocket on its launch pad at dusk",
    credit: "SpaceX – public domain",
    source: "https://www.flickr.com/photos/spacexphotos/16511594820/",
  },
];
