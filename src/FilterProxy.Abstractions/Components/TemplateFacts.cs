namespace FilterProxy;

/// <summary>Operators over what filters found out, and over this process.</summary>
internal static class TemplateFacts
{
    public static TemplateValue? BindMetadata(string argument, TemplateMask? mask, out string error)
    {
        var colon = argument.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || colon == argument.Length - 1)
        {
            error = "the argument is a namespace and a key, as in 'jwt:sub'";
            return null;
        }

        var (ns, key) = (argument[..colon], argument[(colon + 1)..]);
        error = "";
        return (x, o) => x.HasMetadata && o.WriteText(x.Metadata[ns, key]);
    }

    public static TemplateValue? BindClaim(string argument, TemplateMask? mask, out string error)
    {
        error = "";
        return (x, o) => o.WriteText(x.User?.FindFirst(argument)?.Value);
    }

    public static TemplateValue? BindHostName(string argument, TemplateMask? mask, out string error)
    {
        error = "";
        return (_, o) => o.WriteText(Environment.MachineName);
    }

    public static TemplateValue? BindEnvironment(string argument, TemplateMask? mask, out string error)
    {
        error = "";
        return (_, o) => o.WriteText(Environment.GetEnvironmentVariable(argument));
    }
}
