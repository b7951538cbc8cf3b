using FilterProxy.Core.Downstream;
using FilterProxy.Core.Pipeline;

namespace FilterProxy.Core.Config;

/// <summary>What a configuration compiles to.</summary>
/// <param name="Snapshot">What exchanges run under.</param>
/// <param name="Listeners">What to listen on.</param>
/// <param name="Components">Every component instance, for starting and disposing.</param>
internal sealed record CompiledConfig(ProxySnapshot Snapshot, IReadOnlyList<ListenerPlan> Listeners, IReadOnlyList<object> Components);
