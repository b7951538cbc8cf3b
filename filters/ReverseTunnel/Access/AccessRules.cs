using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>What agents may do: the rules of the configuration, then those of its file.</summary>
internal sealed class AccessRules
{
    private readonly AccessRule[] _rules;

    /// <exception cref="ArgumentException">The file cannot be read, or a rule in it is wrong.</exception>
    public AccessRules(TunnelAccessOptions options, ComponentContext context)
    {
        var more = options.RulesFile is { } file ? JsonFile.Read<TunnelAccessRuleOptions>(context.UseFile(file), "rules") : [];
        _rules = [.. options.Rules.Concat(more).Select(rule => new AccessRule(rule))];
    }

    /// <summary>The rule about an agent; null for none, and then it may nothing.</summary>
    public AccessRule? Find(TunnelIdentity identity)
    {
        foreach (var rule in _rules)
        {
            if (rule.IsAbout(identity))
            {
                return rule;
            }
        }

        return null;
    }
}
