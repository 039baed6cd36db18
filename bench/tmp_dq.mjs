import * as ort from "onnxruntime-web"; import fs from "fs";
ort.env.wasm.numThreads=Number(process.env.T||1); ort.env.logLevel="error";
const [h,w,...names]=process.argv.slice(2); const S={};
for(const n of names){ S[n]=await ort.InferenceSession.create(fs.readFileSync(`/tmp/dq/${n}.onnx`),{executionProviders:["wasm"]}); }
const x=new ort.Tensor("uint8",Uint8Array.from({length:h*w*3},()=>Math.random()*255),[1,+h,+w,3]);
const T={};
for(let r=0;r<6;r++) for(const n in S){const t=performance.now(); await S[n].run({image:x}); (T[n]??=[]).push(performance.now()-t);}
for(const n in T) console.log(n, Math.min(...T[n]).toFixed(1));
process.exit(0)
