using Xunit;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>A fact that compares with libmodsecurity: skipped where nginx, its module or the OWASP Core Rule Set are not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ModSecurityFactAttribute : FactAttribute
{
    public ModSecurityFactAttribute()
    {
        if (!ModSecurity.IsInstalled)
        {
            Skip = "nginx, libnginx-mod-http-modsecurity or modsecurity-crs is not installed";
        }
    }
}
