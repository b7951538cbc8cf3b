using System.Security.Cryptography;
using System.Text;
using FilterProxy.Core.Clusters.Affinity;

namespace FilterProxy.Core.Config;

/// <summary>Makes the rules of session affinity of what was written.</summary>
internal static class AffinityCompiler
{
    // One for the life of the process: what clients carry outlives reloads.
    private static readonly byte[] s_key = RandomNumberGenerator.GetBytes(32);

    public static AffinityRules? Compile(AffinityConfig? config)
    {
        if (config is null)
        {
            return null;
        }

        if (config.Hash is { } hash)
        {
            return new AffinityRules("", false, [], config.WhenGone) { Hash = hash };
        }

        var key = config.Key is { } written ? Encoding.UTF8.GetBytes(written) : s_key;
        return config.Header is { } header
            ? new AffinityRules(header.ToLowerInvariant(), false, key, config.WhenGone)
            : new AffinityRules(config.Cookie!, true, key, config.WhenGone) { Attributes = AttributesOf(config), Secure = config.Secure };
    }

    private static string AttributesOf(AffinityConfig config)
    {
        var age = config.Ttl > TimeSpan.Zero ? $"; Max-Age={(long)config.Ttl.TotalSeconds}" : "";
        return $"; Path={config.Path}{age}{(config.HttpOnly ? "; HttpOnly" : "")}; SameSite={config.SameSite}";
    }
}
