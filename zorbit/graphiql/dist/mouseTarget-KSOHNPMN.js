import{Fj as a,Gj as b,Hj as c,Ij as d}from"./chunk-W432YTTT.js";import"./chunk-NOKC23O6.js";export{c as HitTestContext,b as MouseTarget,d as MouseTargetFactory,a as PointerHandlerLastRenderData};
