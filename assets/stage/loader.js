// What travels with every message: only this. The stage itself is a file that the browser keeps.
export default function (component) {
  const root = component.parentElement.querySelector(".dl-EXPORT");
  const script = document.querySelector('script[src*="static/js/"]');
  let cleanUp = null;
  import(new URL("../../STAGE_URL", script ? script.src : document.baseURI).href).then((module) => {
    if (root.isConnected) cleanUp = module.EXPORT(component, root);
  });
  return () => cleanUp?.();
}
