namespace FilterProxy.Core.Pipeline;

/// <summary>What a request must be like to go to one cluster of a split: values of templates, all of which must fit.</summary>
/// <param name="values">Template and value.</param>
internal sealed class SplitCondition((Template Template, byte[] Value)[] values)
{
    public bool Holds(HttpExchange exchange)
    {
        foreach (var (template, value) in values)
        {
            var text = TemplateScratch.BeginLine();
            if (!template.TryFormat(exchange, text) || !text.Written.SequenceEqual(value))
            {
                return false;
            }
        }

        return true;
    }
}
