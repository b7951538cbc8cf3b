using Xunit;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>A fact about the OWASP Core Rule Set as Debian has it (modsecurity-crs): skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CrsFactAttribute : FactAttribute
{
    public CrsFactAttribute()
    {
        if (!CoreRules.IsInstalled)
        {
            Skip = "modsecurity-crs is not installed";
        }
    }
}
