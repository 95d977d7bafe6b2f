//! The built-in languages, English and Hindi. `contact-centre.yaml` may declare others.

use super::{Digit, Language, Texts};

/// English on 1 and Hindi on 2.
pub(super) fn languages() -> Vec<Language> {
    [
        ('1', "en", "en-US", "Polly.Joanna", english()),
        ('2', "hi", "hi-IN", "Polly.Aditi", hindi()),
    ]
    .into_iter()
    .filter_map(|(key, selected_language, language, voice, texts)| {
        Some(Language {
            key: Digit::new(key)?,
            selected_language: selected_language.into(),
            language: language.into(),
            voice: Some(voice.into()),
            texts,
        })
    })
    .collect()
}

fn english() -> Texts {
    Texts {
        prompt: "Welcome. For English, press {key}.".into(),
        wrong_key: "Sorry, that key is not in the menu.".into(),
        no_input: "Sorry, we did not hear a key.".into(),
        please_wait:
            "Thank you. Please hold the line. We will connect you with the next person who is free."
                .into(),
        position: "You are number {position} in line.".into(),
        expected_wait: "The expected wait is about {minutes} minutes.".into(),
        expected_wait_short: "We expect to connect you within a minute.".into(),
        apology: "We are sorry, something went wrong on our side. Please stay on the line.".into(),
        give_up: "We are sorry, we cannot take your call at the moment. Please call again later."
            .into(),
        timed_out: "We are sorry, nobody is free to take your call.".into(),
        voicemail_prompt: "Please leave a message after the tone. Press any key when you are done."
            .into(),
        voicemail_thanks: "Thank you. We have your message.".into(),
        goodbye: "Thank you for calling. Goodbye.".into(),
        worker_greeting: "A caller is waiting. We are connecting you now.".into(),
        caller_gone: "The caller is no longer waiting. Goodbye.".into(),
    }
}

fn hindi() -> Texts {
    Texts {
        prompt: "नमस्ते। हिन्दी के लिए {key} दबाएँ।".into(),
        wrong_key: "क्षमा करें, यह विकल्प मेन्यू में नहीं है।".into(),
        no_input: "क्षमा करें, आपने कोई बटन नहीं दबाया।".into(),
        please_wait: "धन्यवाद। कृपया लाइन पर बने रहें। हम जल्द ही आपकी बात हमारे प्रतिनिधि से कराएँगे।".into(),
        position: "कतार में आपका स्थान {position} है।".into(),
        expected_wait: "अनुमानित प्रतीक्षा समय लगभग {minutes} मिनट है।".into(),
        expected_wait_short: "आपकी बात लगभग एक मिनट के भीतर हो जाएगी।".into(),
        apology: "क्षमा करें, हमारी ओर से कुछ गड़बड़ी हो गई है। कृपया लाइन पर बने रहें।".into(),
        give_up: "क्षमा करें, हम इस समय आपकी कॉल नहीं ले सकते। कृपया थोड़ी देर बाद फिर कॉल करें।".into(),
        timed_out: "क्षमा करें, इस समय हमारा कोई प्रतिनिधि उपलब्ध नहीं है।".into(),
        voicemail_prompt: "कृपया बीप के बाद अपना संदेश छोड़ें। संदेश पूरा होने पर कोई भी बटन दबाएँ।".into(),
        voicemail_thanks: "धन्यवाद। आपका संदेश हमें मिल गया है।".into(),
        goodbye: "कॉल करने के लिए धन्यवाद। नमस्कार।".into(),
        worker_greeting: "एक कॉलर प्रतीक्षा कर रहे हैं। हम आपको अभी जोड़ रहे हैं।".into(),
        caller_gone: "कॉलर अब लाइन पर नहीं हैं। नमस्कार।".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_languages_are_valid() {
        let languages = languages();
        assert_eq!(languages.len(), 2);
        for language in languages {
            assert_eq!(
                language.texts.check(),
                Ok(()),
                "{}",
                language.selected_language
            );
        }
    }
}
