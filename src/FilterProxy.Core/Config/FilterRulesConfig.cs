using System.ComponentModel.DataAnnotations;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>
/// What any HTTP filter may have among its options besides its own: what becomes of its failures, how long it may take, and whose
/// state it works on.
/// </summary>
internal sealed record FilterRulesConfig
{
    private static readonly ObjectPlan Plan = ObjectPlan.Of(typeof(FilterRulesConfig))!;

    /// <summary>
    /// What an exception of the filter does to the exchange: <c>fail</c> answers it with 500, <c>skip</c> goes on as if the filter
    /// were not there. Default: fail.
    /// </summary>
    public FilterErrorAction OnError { get; init; }

    /// <summary>Duration one call of the filter may take, waiting included; one that takes longer is counted and logged, not cut. Default: off.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>
    /// Name of the state, e.g. counters, it shares with every instance of the same filter that gives this name. Default: its own, which no
    /// other instance sees.
    /// </summary>
    [MinLength(1)]
    public string? Store { get; init; }

    /// <summary>Whether its calls need to be watched over.</summary>
    public bool Guards => OnError != FilterErrorAction.Fail || TimeBudget is not null;

    /// <summary>Takes the rules out of a filter's options; null when there are none, which is the common case and costs nothing.</summary>
    /// <param name="filter">As written; what is left of it.</param>
    /// <param name="registry">Tells which of the keys are the filter's own.</param>
    /// <param name="errors">Takes what is wrong with them.</param>
    public static FilterRulesConfig? Take(ref ComponentConfig filter, ComponentRegistry registry, ConfigErrors errors)
    {
        if (filter.Options is not ConfigMapping options)
        {
            return null;
        }

        var own = registry.TryFind(typeof(IHttpFilter), filter.Name, out var descriptor) && descriptor.OptionsType is { } type ? ObjectPlan.Of(type) : null;
        var rules = options.Entries.Where(entry => Plan.Find(entry.Name) is not null && own?.Find(entry.Name) is null).ToList();
        if (rules.Count == 0)
        {
            return null;
        }

        filter = filter with { Options = new ConfigMapping(options.Location, [.. options.Entries.Except(rules)]) };
        return ConfigBinder.BindOptions(typeof(FilterRulesConfig), new ConfigMapping(options.Location, rules), filter.Name, options.Location, errors) as FilterRulesConfig;
    }
}
