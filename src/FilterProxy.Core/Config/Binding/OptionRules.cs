using System.ComponentModel.DataAnnotations;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Binding;

/// <summary>The rules an options type declares itself: validation attributes and <see cref="IValidatableObject"/>.</summary>
internal static class OptionRules
{
    /// <summary>Runs them on an instance whose properties are all bound; false when one is broken.</summary>
    public static bool Check(object instance, ConfigMapping mapping, ObjectPlan plan, ConfigErrors errors)
    {
        var before = errors.Count;
        foreach (var property in plan.Properties.Where(property => property.Rules.Count > 0))
        {
            var place = mapping.Find(property.Key)?.Value.Location ?? mapping.Location;
            var context = new ValidationContext(instance) { MemberName = property.Name, DisplayName = property.Key };
            foreach (var rule in property.Rules)
            {
                Guard(place, errors, () => [rule.GetValidationResult(property.Info.GetValue(instance), context)], _ => place);
            }
        }

        if (errors.Count == before && instance is IValidatableObject own)
        {
            Guard(mapping.Location, errors, () => own.Validate(new ValidationContext(instance)), member => Place(member, mapping, plan));
        }

        return errors.Count == before;
    }

    private static SourceLocation Place(string? member, ConfigMapping mapping, ObjectPlan plan)
    {
        var key = plan.Properties.FirstOrDefault(property => property.Name == member)?.Key;
        return (key is null ? null : mapping.Find(key))?.Value.Location ?? mapping.Location;
    }

    // Rules are a plugin's code: whatever they throw is an error of the configuration, not the end of the process.
    private static void Guard(
        SourceLocation place, ConfigErrors errors, Func<IEnumerable<ValidationResult?>> rule, Func<string?, SourceLocation> placeOf)
    {
        try
        {
            foreach (var result in rule())
            {
                if (result is not null)
                {
                    errors.Add(placeOf(result.MemberNames.FirstOrDefault()), result.ErrorMessage ?? "this is not valid");
                }
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            errors.Add(place, exception.Message);
        }
    }
}
