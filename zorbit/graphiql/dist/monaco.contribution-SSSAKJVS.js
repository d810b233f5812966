import{a,b}from"./chunk-VN5ODXK3.js";import"./chunk-YAXW5MRX.js";import"./chunk-W432YTTT.js";import"./chunk-NOKC23O6.js";export{b as getWorker,a as jsonDefaults};
